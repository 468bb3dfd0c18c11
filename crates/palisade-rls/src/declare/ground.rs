//! What the files run on, and how: as they stand on a throwaway database, with stand-ins for tables on the target.

use palisade_catalog::Catalog;
use palisade_sql::{LexError, Statement, split};

use super::on_target::StandIns;
use super::stub;
use crate::message::{Edit, Message, edited};
use crate::script::PolicyFile;

/// What the files run on.
#[derive(Debug)]
pub(super) struct Ground<'a> {
    /// The files, statement by statement.
    pub(super) files: Vec<(&'a PolicyFile, Vec<Line<'a>>)>,
    /// What runs before them, with an empty `search_path`.
    pub(super) begin: String,
    /// What runs behind them.
    pub(super) end: String,
    /// The role that holds rights so that taking rights away always writes something.
    pub(super) marker: String,
    /// What stands in for tables.
    pub(super) stand_ins: StandIns,
}

/// One statement.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// As it stands in the file.
    pub(super) statement: Statement<'a>,
    /// What stands in place of some texts of it.
    pub(super) edits: Vec<Edit>,
    /// What is asked before it, and fails in its name.
    pub(super) guard: Option<String>,
    /// Whether it runs: one about a table that need not be there, and is not, does nothing.
    pub(super) runs: bool,
}

impl<'a> Ground<'a> {
    /// A database of our own, where anything can be done.
    pub(super) fn throwaway(files: &'a [PolicyFile]) -> Result<Self, LexError> {
        let marker = format!("palisade_marker_{:016x}", rand::random::<u64>());
        let mut lines = Vec::new();
        for file in files {
            lines.push((file, split(&file.sql)?.into_iter().map(Line::as_it_stands).collect()));
        }
        Ok(Self {
            files: lines,
            begin: include_str!("begin.sql").replace("$marker", &marker),
            end: format!("drop owned by {marker};\ndrop role {marker};\n"),
            marker,
            stand_ins: StandIns::default(),
        })
    }

    /// Takes its rights out of what was read: by default privileges it has some on what the files made.
    pub(super) fn forget_marker(&self, catalog: &mut Catalog) {
        for privileges in catalog.objects.values_mut().filter_map(|it| it.privileges.as_mut()) {
            privileges.others.remove(&self.marker);
        }
    }
}

impl<'a> Line<'a> {
    pub(super) fn as_it_stands(statement: Statement<'a>) -> Self {
        Self { statement, edits: Vec::new(), guard: None, runs: true }
    }

    pub(super) fn add(&self, file: &'a PolicyFile, message: &mut Message<'a>) {
        if let Some(guard) = &self.guard {
            message.add_for(file, self.statement.clone(), guard);
        }
        if self.runs {
            message.add_edited(file, self.statement.clone(), &self.edits);
        }
    }

    /// What is made before it, so that the server says the name of what it drops.
    pub(super) fn stubs(&self) -> Result<Vec<String>, LexError> {
        if !self.runs {
            return Ok(Vec::new());
        }
        let text = edited(&self.statement, &self.edits);
        Ok(split(&text)?.iter().flat_map(stub::stubs).collect())
    }
}
