//! Constants: the bytes of a datum.

use crate::Oid;
use crate::expr::Value;
use crate::tree::{Node, Tagged};

/// Reads a `CONST`. Numbers are in the byte order of the server, which on all machines that Postgres is packaged for today begins
/// with the lowest one.
pub(crate) fn constant(node: &Tagged<'_>) -> (Oid, Value) {
    let data_type = Oid(node.field("consttype").number().unwrap_or_default());
    if node.flag("constisnull") {
        return (data_type, Value::Null);
    }
    let bytes: Vec<u8> = node.field("constvalue").items().iter().filter_map(byte).collect();
    let by_value = node.flag("constbyval");
    (data_type, value(data_type, by_value, bytes))
}

/// The server prints bytes as signed or unsigned numbers, as its `char` is.
fn byte(node: &Node<'_>) -> Option<u8> {
    let number: i16 = node.number()?;
    Some(number.to_le_bytes()[0])
}

fn value(data_type: Oid, by_value: bool, bytes: Vec<u8>) -> Value {
    const TEXT: [u32; 3] = [25, 1042, 1043];
    const UNKNOWN: u32 = 705;
    const NAME: u32 = 19;
    const INTEGERS: [u32; 4] = [20, 21, 23, 26];
    match data_type {
        Oid::BOOL => Value::Bool(bytes.first().is_some_and(|it| *it != 0)),
        Oid(it) if INTEGERS.contains(&it) && by_value => integer(&bytes).map_or(Value::Bytes(bytes), Value::Int),
        Oid(it) if TEXT.contains(&it) => text(behind_header(&bytes)).unwrap_or(Value::Bytes(bytes)),
        Oid(UNKNOWN | NAME) => {
            let end = bytes.iter().position(|it| *it == 0).unwrap_or(bytes.len());
            text(&bytes[..end]).unwrap_or(Value::Bytes(bytes))
        }
        _ => Value::Bytes(bytes),
    }
}

fn integer(bytes: &[u8]) -> Option<i64> {
    Some(i64::from_le_bytes(bytes.get(..8)?.try_into().ok()?))
}

fn text(bytes: &[u8]) -> Option<Value> {
    String::from_utf8(bytes.to_vec()).ok().map(Value::Text)
}

/// A value of variable length has its length before it, in one byte or in four.
fn behind_header(bytes: &[u8]) -> &[u8] {
    match bytes.first() {
        Some(first) if first & 1 == 1 => &bytes[1..],
        Some(_) => bytes.get(4..).unwrap_or_default(),
        None => bytes,
    }
}
