//! Building the templates that are missing.

use std::collections::BTreeSet;

use palisade_db::connect;
use tracing::debug;

use super::layer::Layer;
use super::name::Name;
use super::template::{self, BuildLock};
use super::{Server, connect_settings, prune, roles};
use crate::error::ScratchError;

/// Builds what is missing of `templates`, of which the first `have` need not be built. Returns how many layers the
/// last one has: all of them.
pub(super) async fn complete(
    server: &Server,
    layers: &[Layer],
    templates: &[String],
    have: usize,
) -> Result<usize, ScratchError> {
    let Some(last) = templates.last().filter(|_| have < layers.len()) else { return Ok(layers.len()) };
    let lock = BuildLock::acquire(server, last).await?;
    let built = build(server, layers, templates).await;
    lock.release(server).await?;
    built?;
    prune::oldest(server).await?;
    Ok(layers.len())
}

async fn build(server: &Server, layers: &[Layer], templates: &[String]) -> Result<(), ScratchError> {
    // Whoever held the lock before us may have built some or all of it.
    let mut have = template::built(server, templates).await?;
    let mut dropped_roles = BTreeSet::new();
    while let Some(next) = save_points(layers.len()).into_iter().find(|it| *it > have) {
        let from = have.checked_sub(1).map_or("template0", |index| templates[index].as_str());
        debug!(from, to = templates[next - 1], "building a template");
        let name = Name::build();
        match template::copy(server, &name, from).await {
            Ok(()) => {}
            Err(error) if template::is_missing(&error) => {
                have = template::built(server, templates).await?;
                continue;
            }
            Err(source) => {
                return Err(ScratchError::Server { action: "create a database", source: Box::new(source) });
            }
        }
        match fill(server, &name, &layers[have..next]).await {
            Ok(()) => {
                template::publish(server, &name, &templates[next - 1]).await?;
                have = next;
            }
            Err(error) => {
                server.drop_owned(&name).await?;
                match roles::in_the_way(&error) {
                    // From the beginning: if one of our own layers has made the role, it is in the way again.
                    Some(role) if dropped_roles.insert(role.clone()) => {
                        roles::make_room(server, &role).await?;
                        have = 0;
                    }
                    _ => return Err(error),
                }
            }
        }
    }
    Ok(())
}

async fn fill(server: &Server, name: &Name, layers: &[Layer]) -> Result<(), ScratchError> {
    let url = server.url.with_database(&name.to_string());
    let mut connection =
        connect(&connect_settings(url)).await.map_err(|source| ScratchError::Connect { source: Box::new(source) })?;
    for layer in layers {
        layer.run(&mut connection).await?;
    }
    connection.close().await;
    Ok(())
}

/// After which layers a template is kept: the first, because that is the stubs and shared by all; the last but one,
/// because the last migration is the one that is still being edited; and the last.
fn save_points(layers: usize) -> Vec<usize> {
    let mut points = vec![1, layers.saturating_sub(1), layers];
    points.retain(|it| (1..=layers).contains(it));
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use super::save_points;

    #[test]
    fn templates_are_few_and_end_with_the_whole() {
        assert!(save_points(0).is_empty());
        assert_eq!(save_points(1), [1]);
        assert_eq!(save_points(2), [1, 2]);
        assert_eq!(save_points(3), [1, 2, 3]);
        assert_eq!(save_points(1000), [1, 999, 1000]);
    }
}
