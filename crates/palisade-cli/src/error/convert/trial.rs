//! Trying what row security does.

use crate::CommandError;
use palisade_rls::explain::ExplainError;
use palisade_rls::testing::TestError;
use palisade_rls::trial::TrialError;

impl From<TestError> for CommandError {
    fn from(error: TestError) -> Self {
        match error {
            TestError::Database(error) => error.into(),
            error => Self::of("bad-tests", &error).help(error.help().unwrap_or_default()),
        }
    }
}

impl From<TrialError> for CommandError {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Database(error) => error.into(),
            TrialError::Text(_) | TrialError::Answer(_) => Self::of("nothing-tried", &error),
        }
    }
}

impl From<ExplainError> for CommandError {
    fn from(error: ExplainError) -> Self {
        let help = match error {
            ExplainError::Trial(error) => return error.into(),
            ExplainError::Rows(_) => "`--where` takes a condition as it stands in SQL",
            ExplainError::NoRole(_) => "the personas of `rls/personas.toml` have roles of this database",
            ExplainError::Persona(_) | ExplainError::Name(_) | ExplainError::Text(_) => "",
        };
        Self::of("not-explained", &error).help(help)
    }
}
