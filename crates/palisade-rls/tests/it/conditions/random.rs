//! Conditions at random, the same for the same seed.

/// Makes them, over the columns `a`, `b`, `n`, `f` and `s`.
pub(super) struct Conditions(u64);

impl Conditions {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One with so many levels.
    pub(super) fn condition(&mut self, depth: usize) -> String {
        if depth == 0 || self.below(6) == 0 {
            return self.leaf();
        }
        let mut inner = || self.condition(depth - 1);
        let (first, second, third) = (inner(), inner(), inner());
        match self.below(10) {
            0 | 1 => format!("({first} and {second})"),
            2 | 3 => format!("({first} or {second})"),
            4 => format!("(not {first})"),
            5 => {
                format!("({first} {})", self.one(&["is true", "is not true", "is false", "is not false", "is unknown"]))
            }
            6 => format!("coalesce({first}, {second})"),
            7 => format!("(case when {first} then {second} else {third} end)"),
            8 => format!("(case {} when 1 then {first} when 2 then {second} else {third} end)", self.number()),
            _ => format!("(({first}) is not distinct from ({second}))"),
        }
    }

    /// One that is true where `condition` is, mostly.
    pub(super) fn weaker(&mut self, condition: &str) -> String {
        let other = self.condition(1);
        match self.below(5) {
            0 => format!("({other} or {condition})"),
            1 => format!("(not (not {condition} and {other}))"),
            2 => format!("(({condition}) is not false)"),
            3 => format!("coalesce({condition}, {other})"),
            _ => format!("(case when {other} then {condition} else {condition} end)"),
        }
    }

    fn leaf(&mut self) -> String {
        let compare = ["=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from"];
        match self.below(11) {
            0..=2 => {
                let (left, right) = (self.number(), self.number());
                format!("({left} {} {right})", self.one(&compare))
            }
            3 => format!("({} {} {})", self.text(), self.one(&compare), self.text()),
            4 => format!("({} is {}null)", self.one(&["a", "b", "n", "f", "s"]), self.one(&["", "not "])),
            5 => {
                let (of, first, second) = (self.number(), self.number(), self.number());
                format!("({of} {}in ({first}, {second}))", self.one(&["", "not "]))
            }
            6 => {
                let (of, first, second) = (self.number(), self.number(), self.number());
                let how = self.one(&["= any", "<> all", "= all", "<> any", "> any"]);
                format!("({of} {how} (array[{first}, {second}]))")
            }
            7 => self.one(&["f", "(select f)", "true", "false", "(null::bool)"]).to_owned(),
            8 => format!("(s like '{}')", self.one(&["x%", "%", "y"])),
            9 => format!("(f = {})", self.one(&["true", "false", "(a = 1)", "null"])),
            _ => format!("(f {} (n = 1))", self.one(&["=", "<>", "is distinct from", "<="])),
        }
    }

    fn number(&mut self) -> &'static str {
        let all = [
            "a",
            "b",
            "n",
            "1",
            "2",
            "null::int",
            "(select a)",
            "coalesce(a, b)",
            "nullif(b, 1)",
            "(a + b)",
            "a::bigint",
        ];
        self.one(&all)
    }

    fn text(&mut self) -> &'static str {
        self.one(&["s", "'x'", "'y'", "coalesce(s, 'x')", "s::varchar", "null::text", "(select s)", "upper(s)"])
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// [xorshift](https://en.wikipedia.org/wiki/Xorshift)
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 16) % end as u64).unwrap()
    }
}
