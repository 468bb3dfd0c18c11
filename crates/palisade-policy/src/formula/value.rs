//! Values that are compared.

use crate::Oid;
use crate::expr::{Expr, SessionValue, Value};
use crate::formula::View;

/// The condition of a branch of `CASE a WHEN b`, which has another thing in the place of `a`.
pub(super) fn compared_with(condition: &Expr, case: &Expr) -> Expr {
    match condition {
        Expr::Operator { operator, function, args } => {
            let is_place =
                |it: &Expr| matches!(it.same_value(), Expr::Other { tag, .. } if tag.starts_with("CASETESTEXPR"));
            let args = args.iter().map(|it| if is_place(it) { case.clone() } else { it.clone() }).collect();
            Expr::Operator { operator: *operator, function: *function, args }
        }
        other => other.clone(),
    }
}

/// What is compared: without casts that change no value, and with the name of the role in place of `current_user`.
pub(super) fn comparable(expr: &Expr, view: View<'_>) -> Expr {
    specialised(expr.same_value(), view)
}

/// [`enum_eq`](https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_proc.dat)
pub(super) const ENUM_EQUALITY: Oid = Oid(3508);

/// The value of a constant of a type of which equal values are equal in writing.
pub(super) fn exact(expr: &Expr, of_enums: bool) -> Option<&Value> {
    const EXACT: [u32; 8] = [16, 19, 20, 21, 23, 25, 1043, 2950];
    match expr {
        Expr::Const { value: value @ Value::Label(_), .. } => Some(value),
        Expr::Const { data_type, value } if of_enums || EXACT.contains(&data_type.0) => {
            (*value != Value::Null).then_some(value)
        }
        _ => None,
    }
}

pub(super) fn specialised(expr: &Expr, view: View<'_>) -> Expr {
    match (expr, view.role) {
        (Expr::Session(SessionValue::CurrentUser), Some(role)) => {
            Expr::Const { data_type: Oid(19), value: Value::Text(role.to_owned()) }
        }
        _ => expr.clone(),
    }
}

/// Whether the other thing is left in it.
pub(super) fn has_place(condition: &Expr) -> bool {
    let mut found = false;
    condition.walk(&mut |it, _| found |= matches!(it, Expr::Other { tag, .. } if tag.starts_with("CASETESTEXPR")));
    found
}
