//! `backup diff`

use crate::backups::{self, StoreArgs};
use crate::units::bytes;
use crate::{CommandError, ConnectionArgs, Context, Outcome};
use palisade_backup::{Comparison, compare};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// The older backup: its id, the end of it, or `latest`
    #[arg(value_name = "OLD")]
    old: String,

    /// The newer backup
    #[arg(value_name = "NEW")]
    new: String,

    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn run(context: &Context, args: DiffArgs) -> Result<Outcome, CommandError> {
    let selection = context.select(&ConnectionArgs::default())?;
    let (_, old) = backups::named(context, &selection, &args.store, &args.old).await?;
    let (_, new) = backups::named(context, &selection, &args.store, &args.new).await?;
    let comparison = compare(backups::complete(&old)?, backups::complete(&new)?);
    Ok(Outcome::done(text(&comparison)).data(json!(comparison)))
}

fn text(it: &Comparison) -> String {
    let mut lines = vec![
        format!("{} → {}", it.old, it.new),
        format!("Rows   {} → {}", it.rows.old, it.rows.new),
        format!("Size   {} → {}", bytes(it.bytes.old), bytes(it.bytes.new)),
        format!("Schema {}", if it.schema_changed { "changed" } else { "the same" }),
    ];
    lines.extend(it.migrations_added.iter().map(|it| format!("+ migration {}", it.version)));
    lines.extend(it.migrations_removed.iter().map(|it| format!("- migration {}", it.version)));
    lines.extend(it.migrations_edited.iter().map(|it| format!("~ migration {it}")));
    let version = |it: &Option<String>| it.clone().unwrap_or_else(|| "none".to_owned());
    lines.extend(
        it.extensions.iter().map(|it| format!("~ extension {}: {} → {}", it.name, version(&it.old), version(&it.new))),
    );
    lines.extend(it.tables_added.iter().map(|it| format!("+ {} ({} rows)", it.table, it.rows)));
    lines.extend(it.tables_removed.iter().map(|it| format!("- {} ({} rows)", it.table, it.rows)));
    lines.extend(it.rows_changed.iter().map(|it| format!("~ {}: {} → {} rows", it.table, it.old, it.new)));
    lines.extend(it.contents_changed.iter().map(|it| format!("~ {}: other values in {} rows", it.table, it.rows)));
    if it.is_same() {
        lines.push("Both hold the same".to_owned());
    }
    lines.join("\n")
}
