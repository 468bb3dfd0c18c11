//! From a plan to an approved plan: the one door to every target.

use crate::digest::PlanDigest;
use crate::gate::{Gate, GateVerdict, Verdict};
use crate::plan::{OtherEnvironment, Plan};
use crate::restore::{RestorePlace, RestoreStep};

/// What a person or a pipeline answered to a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nobody was asked.
    None,
    /// A name was typed at the prompt.
    TypedName(String),
    /// `--approve DIGEST` was given.
    Digest(String),
    /// The environment's configuration says `approval = false` in `[gates]`.
    SwitchedOff,
}

/// How a plan came to be approved; goes into the history of attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approval {
    /// The target is not protected.
    NotNeeded,
    /// The environment's name was typed.
    TypedName,
    /// The plan's digest was given.
    Digest,
    /// The configuration asks for none.
    SwitchedOff,
}

impl Approval {
    /// As recorded in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotNeeded => "not-needed",
            Self::TypedName => "typed-name",
            Self::Digest => "digest",
            Self::SwitchedOff => "switched-off",
        }
    }
}

/// Why a plan was not approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A gate does not hold.
    #[error("the gate `{gate}` is closed: {reason}")]
    GateClosed {
        /// Which.
        gate: Gate,
        /// Why.
        reason: String,
        /// What to do about it.
        help: String,
    },
    /// A gate was never tried, which is a mistake of the caller.
    #[error("the gate `{gate}` has no verdict")]
    GateNotTried {
        /// Which.
        gate: Gate,
    },
    /// Nobody has approved the plan yet.
    #[error("`{environment}` is protected and nobody has approved this plan ({})", digest.short())]
    NotApproved {
        /// The environment.
        environment: String,
        /// The plan's digest.
        digest: PlanDigest,
    },
    /// The target belongs to a protected environment, and was reached as another one.
    #[error("{0}")]
    OtherEnvironment(OtherEnvironment),
    /// Something else than the environment's name was typed.
    #[error("the typed name is not `{environment}`")]
    WrongName {
        /// The environment.
        environment: String,
    },
    /// The digest names another plan: the files or the database changed since.
    #[error("the approved digest `{given}` is not this plan's: it is {}", digest.short())]
    WrongDigest {
        /// As given.
        given: String,
        /// The plan's digest.
        digest: PlanDigest,
    },
}

impl Refusal {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::GateClosed { help, .. } => help.clone(),
            Self::OtherEnvironment(error) => error.help(),
            Self::GateNotTried { .. } => "this is a defect of Palisade, please report it".to_owned(),
            Self::NotApproved { digest, .. } => {
                format!("read the plan above, then run the same command with `--approve {}`", digest.short())
            }
            Self::WrongName { environment } => format!("type `{environment}` to go on"),
            Self::WrongDigest { .. } => {
                "the files or the database changed since the plan was approved: read the new plan and approve that"
                    .to_owned()
            }
        }
    }
}

/// A [`Plan`] that may be executed: its fields are private, [`Plan::approve`] is its only constructor.
#[derive(Debug, Clone)]
#[must_use = "an approval that is not executed was asked for in vain"]
pub struct ApprovedPlan {
    plan: Plan,
    digest: PlanDigest,
    approval: Approval,
}

impl ApprovedPlan {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its digest.
    pub fn digest(&self) -> &PlanDigest {
        &self.digest
    }

    /// How it was approved.
    pub fn approval(&self) -> Approval {
        self.approval
    }
}

impl Plan {
    /// Whether `answer` approves this plan, gates aside; asked before a backup is taken in vain.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] about the answer.
    pub fn check_answer(&self, answer: &Answer) -> Result<Approval, Refusal> {
        if !self.target.protected {
            self.target.check_belongs().map_err(Refusal::OtherEnvironment)?;
            return Ok(Approval::NotNeeded);
        }
        let digest = self.digest();
        let environment = self.target.environment.clone();
        match answer {
            Answer::None => Err(Refusal::NotApproved { environment, digest }),
            Answer::TypedName(name) if *name == environment => Ok(Approval::TypedName),
            Answer::TypedName(_) => Err(Refusal::WrongName { environment }),
            // Nobody replaces a protected database without having been asked whether it shall be this one.
            Answer::SwitchedOff if self.restore().is_some() => Err(Refusal::NotApproved { environment, digest }),
            Answer::SwitchedOff => Ok(Approval::SwitchedOff),
            Answer::Digest(given) if digest.is_named_by(given) => Ok(Approval::Digest),
            Answer::Digest(given) => Err(Refusal::WrongDigest { given: given.clone(), digest }),
        }
    }

    /// Turns the plan into one that may be executed. A target that is not protected needs neither verdicts nor answer.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: a gate that is closed or was not tried, or an answer that does not name this plan.
    pub fn approve(self, verdicts: &[GateVerdict], answer: &Answer) -> Result<ApprovedPlan, Refusal> {
        if self.target.protected {
            self.gates().iter().try_for_each(|gate| check_gate(*gate, verdicts))?;
            self.check_safety(verdicts)?;
        }
        let approval = self.check_answer(answer)?;
        Ok(ApprovedPlan { digest: self.digest(), plan: self, approval })
    }

    /// What a restore replaces is in a backup, whatever the configuration switches off, or stays under another name.
    fn check_safety(&self, verdicts: &[GateVerdict]) -> Result<(), Refusal> {
        let taken = |it: &GateVerdict| it.gate == Gate::Backup && matches!(it.verdict, Verdict::Passed { .. });
        match self.restore() {
            Some(RestoreStep { place: RestorePlace::Within | RestorePlace::InPlaceOf, .. })
                if !verdicts.iter().any(taken) =>
            {
                Err(Refusal::GateNotTried { gate: Gate::Backup })
            }
            _ => Ok(()),
        }
    }
}

fn check_gate(gate: Gate, verdicts: &[GateVerdict]) -> Result<(), Refusal> {
    match verdicts.iter().find(|it| it.gate == gate).map(|it| &it.verdict) {
        Some(Verdict::Passed { .. } | Verdict::Off) => Ok(()),
        Some(Verdict::Failed { reason, help }) => {
            Err(Refusal::GateClosed { gate, reason: reason.clone(), help: help.clone() })
        }
        Some(Verdict::Waiting) | None => Err(Refusal::GateNotTried { gate }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Approval, Refusal};
    use crate::declared::Declared;
    use crate::gate::{Gate, GateVerdict, Verdict};
    use crate::plan::{Expectation, Plan, ReadOn, RowSecurityStep, Step, Target, TargetIdentity};
    use crate::restore::{RestorePlace, RestoreStep};

    fn plan(protected: bool) -> Plan {
        let identity = TargetIdentity { system: Some("7".to_owned()), database: "app".to_owned(), database_oid: 5 };
        Plan {
            target: Target { environment: "prod".to_owned(), protected, identity, protected_by: Vec::new() },
            expects: Expectation { applied: vec![1, 2], catalog: None },
            steps: vec![Step::RowSecurity(RowSecurityStep {
                files: Vec::new(),
                script: String::new(),
                declared: Declared::default(),
                prune: false,
                foreseen: None,
                read_on: ReadOn::Throwaway,
            })],
        }
    }

    fn passed() -> Vec<GateVerdict> {
        Gate::ALL.map(|gate| GateVerdict { gate, verdict: Verdict::Passed { note: String::new() } }).to_vec()
    }

    #[test]
    fn an_unprotected_target_needs_nothing() {
        assert_eq!(plan(false).approve(&[], &Answer::None).unwrap().approval(), Approval::NotNeeded);
    }

    #[test]
    fn a_database_that_belongs_to_a_protected_environment_is_not_written_as_another_one() {
        let mut plan = plan(false);
        let digest = plan.digest();
        plan.target.protected_by = vec!["prod".to_owned()];
        assert_eq!(plan.digest(), digest);
        // Its own file says that it is not protected any more.
        assert!(plan.clone().approve(&[], &Answer::None).is_ok());
        plan.target.environment = "dev".to_owned();
        assert!(plan.target.clone().unprotected("seeding").is_err());
        assert!(matches!(plan.approve(&[], &Answer::None), Err(Refusal::OtherEnvironment(_))));
    }

    #[test]
    fn a_protected_target_needs_every_gate_and_the_right_answer() {
        let digest = plan(true).digest();
        let approve = |verdicts: &[GateVerdict], answer| plan(true).approve(verdicts, &answer).map(|it| it.approval());
        assert_eq!(approve(&passed(), Answer::TypedName("prod".to_owned())), Ok(Approval::TypedName));
        assert_eq!(approve(&passed(), Answer::Digest(digest.short().to_owned())), Ok(Approval::Digest));
        assert!(matches!(approve(&passed(), Answer::None), Err(Refusal::NotApproved { .. })));
        assert!(matches!(approve(&passed(), Answer::TypedName("y".to_owned())), Err(Refusal::WrongName { .. })));
        let part = Answer::Digest(digest.as_str()[..15].to_owned());
        assert!(matches!(approve(&passed(), part), Err(Refusal::WrongDigest { .. })));
        for gate in Gate::ALL {
            let mut verdicts = passed();
            verdicts.retain(|it| it.gate != gate);
            let refusal = approve(&verdicts, Answer::TypedName("prod".to_owned())).unwrap_err();
            assert_eq!(refusal, Refusal::GateNotTried { gate });
            verdicts.push(GateVerdict { gate, verdict: Verdict::Waiting });
            assert!(approve(&verdicts, Answer::TypedName("prod".to_owned())).is_err());
        }
    }

    fn restore(place: RestorePlace) -> Plan {
        let step = RestoreStep {
            backup: "prod-1".to_owned(),
            of: "prod".to_owned(),
            taken: "yesterday".to_owned(),
            content: "00".to_owned(),
            place,
            how: Vec::new(),
            transactional: true,
        };
        Plan { steps: vec![Step::Restore(step)], ..plan(true) }
    }

    #[test]
    fn a_restore_needs_an_answer_and_a_backup_only() {
        let answer = Answer::TypedName("prod".to_owned());
        let backup = |verdict| [GateVerdict { gate: Gate::Backup, verdict }];
        let taken = backup(Verdict::Passed { note: String::new() });
        for place in [RestorePlace::Within, RestorePlace::InPlaceOf, RestorePlace::Beside] {
            let plan = restore(place);
            assert!(plan.clone().approve(&taken, &answer).is_ok());
            assert!(plan.clone().approve(&taken, &Answer::SwitchedOff).is_err());
            assert!(plan.clone().approve(&[], &answer).is_err());
            let off = plan.approve(&backup(Verdict::Off), &answer);
            assert_eq!(off.is_ok(), place == RestorePlace::Beside, "{off:?}");
        }
    }

    #[test]
    fn the_digest_names_target_state_and_steps() {
        let digest = plan(true).digest();
        let mut other = plan(true);
        other.expects.applied.push(3);
        assert_ne!(other.digest(), digest);
        let mut other = plan(true);
        other.target.identity.database_oid = 6;
        assert_ne!(other.digest(), digest);
    }
}
