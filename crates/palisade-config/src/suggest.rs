//! "Did you mean".

/// The one of `known` that `given` is most likely a slip of, or a longer or shorter form of (`production` of `prod`).
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (distance(given, candidate), candidate))
        // A third of the letters wrong is a slip, more is another word.
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

fn distance(given: &str, candidate: &str) -> usize {
    let (short, long) = if given.len() < candidate.len() { (given, candidate) } else { (candidate, given) };
    if short.len() >= 3 && long.starts_with(short) {
        return usize::from(short != long);
    }
    // A slip in a longer form, `porduction` of `prod`.
    let length = candidate.chars().count();
    let beginning: String = given.chars().take(length).collect();
    if length >= 4 && strsim::damerau_levenshtein(&beginning, candidate) <= 1 {
        return 1;
    }
    strsim::damerau_levenshtein(given, candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["dev", "prod", "staging"];
        assert_eq!(nearest("pord", known), Some("prod"));
        assert_eq!(nearest("production", known), Some("prod"));
        assert_eq!(nearest("porduction", known), Some("prod"));
        assert_eq!(nearest("de", known), Some("dev"));
        assert_eq!(nearest("stagin", known), Some("staging"));
        assert_eq!(nearest("test", known), None);
        assert_eq!(nearest("", known), None);
    }
}
