//! How archives write numbers: a byte for the sign, then the magnitude.

/// How many bytes of a number follow its sign. The archive says it in its head; Postgres has no platform with another one.
pub(crate) const INT_SIZE: u8 = 4;

/// How many bytes the place of data in the archive has. As with [`INT_SIZE`], there is no other.
pub(crate) const OFFSET_SIZE: u8 = 8;

/// How many bytes a number takes.
pub(crate) const INT: usize = 1 + INT_SIZE as usize;

pub(crate) fn encode(value: i32) -> [u8; INT] {
    let [a, b, c, d] = value.unsigned_abs().to_le_bytes();
    [u8::from(value < 0), a, b, c, d]
}

/// `None` for what [`encode`] never makes, such as a negative zero: whatever is read can be written again as it was.
pub(crate) fn decode([sign, magnitude @ ..]: [u8; INT]) -> Option<i32> {
    let magnitude = i64::from(u32::from_le_bytes(magnitude));
    let value = match sign {
        0 => magnitude,
        1 if magnitude != 0 => -magnitude,
        _ => return None,
    };
    i32::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use proptest::prelude::{any, proptest};

    #[test]
    fn the_sign_comes_first() {
        assert_eq!(encode(1), [0, 1, 0, 0, 0]);
        assert_eq!(encode(-258), [1, 2, 1, 0, 0]);
        assert_eq!(encode(i32::MIN), [1, 0, 0, 0, 0x80]);
    }

    proptest! {
        #[test]
        fn numbers_come_back(value in any::<i32>()) {
            assert_eq!(decode(encode(value)), Some(value));
        }

        #[test]
        fn what_is_read_is_written_as_it_was(bytes in any::<[u8; 5]>()) {
            if let Some(value) = decode(bytes) {
                assert_eq!(encode(value), bytes);
            }
        }
    }
}
