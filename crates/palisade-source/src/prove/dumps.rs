//! What `pg_dump` writes of the copy and of what is wanted.

use palisade_catalog::{Catalog, ObjectKind};
use palisade_embedded::{DumpError, dump_schema};
use palisade_sql::{Dump, DumpDifference, split};

use super::{Proof, ProofError};
use crate::external::External;
use crate::workbench::Temporary;

/// The statements that `pg_dump` writes of one of both only. What is not compared is left out: owners, schemas that nobody
/// manages, and what belongs to `rls/` where the schema does not speak of it.
pub(super) async fn difference(
    proof: &Proof<'_>,
    found: &Catalog,
    copy: &Temporary,
    wanted: &Temporary,
) -> Result<Vec<DumpDifference>, ProofError> {
    let mut options = vec!["--no-owner".to_owned()];
    if !proof.declares.privileges {
        options.push("--no-privileges".to_owned());
    }
    let external = External::of([found], Some(proof.managed.history));
    let schemas = found.objects.keys().filter(|it| it.kind == ObjectKind::Schema).map(|it| it.part(0));
    let is_left_out = |it: &&str| external.has_schema(it) || !proof.managed.schemas.iter().any(|managed| managed == it);
    // `public` is there in every database, and managed or not the same in both.
    for schema in schemas.filter(is_left_out).filter(|it| *it != "public") {
        // In quotes, because the option takes patterns.
        options.push(["--exclude-schema=\"", &schema.replace('"', "\"\""), "\""].concat());
    }
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let (copy, wanted) = tokio::try_join!(dump(proof, copy, &options), dump(proof, wanted, &options))?;
    Ok(copy.difference(&wanted))
}

async fn dump(proof: &Proof<'_>, database: &Temporary, options: &[&str]) -> Result<Dump, ProofError> {
    let workbench = proof.workbench;
    let installation = workbench.installation().await.map_err(crate::workbench::MakeError::embedded)?;
    let text = dump_schema(workbench.settings(), installation, &database.settings(), options).await?;
    let failed = |error: palisade_sql::LexError| DumpError::Failed { output: format!("it wrote no SQL: {error}") };
    if proof.declares.policies {
        return Ok(Dump::parse(&text).map_err(failed)?);
    }
    let readable: String = text.lines().filter(|it| !it.starts_with('\\')).flat_map(|it| [it, "\n"]).collect();
    let statements = split(&readable).map_err(failed)?;
    let compared = statements.iter().filter(|it| !crate::workflow::is_about_policies(it));
    let rest: Vec<String> = compared.map(|it| format!("{};\n", it.text)).collect();
    Ok(Dump::parse(&rest.concat()).map_err(failed)?)
}
