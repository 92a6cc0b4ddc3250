//! Filters of list calls: comparisons of fields with values, joined by `&&`, `||` and `!`
//! (examples in PROTOCOL 5.1).
//!
//! ```text
//! name == "Ada" && (age >= 36 || !(STARTSWITH(surname, 'L')))
//! ```

use serde_json::Value;

use super::errors::{self, Result};

/// A parsed filter.
#[derive(Debug)]
pub(crate) enum Expression {
    Literal(Value),
    Field(String),
    Not(Box<Self>),
    Both(Box<Self>, Box<Self>),
    Either(Box<Self>, Box<Self>),
    Compare(Operator, Box<Self>, Box<Self>),
    Call(Function, Vec<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// `STARTSWITH(text, start)`
    StartsWith,
    /// `ENDSWITH(text, end)`
    EndsWith,
    /// `INCLUDES(text or list, part)`, also `CONTAINS`
    Includes,
    /// `EXISTS(field)`
    Exists,
}

const MAX_BYTES: usize = 4096;
const MAX_DEPTH: usize = 32;

impl Expression {
    /// Reads a filter; `null` and blanks are none.
    ///
    /// # Errors
    /// 400 `invalid_expression`.
    pub(crate) fn of(value: &Value) -> Result<Option<Self>> {
        match value {
            Value::Null => Ok(None),
            Value::String(text) if text.trim().is_empty() => Ok(None),
            Value::String(text) => Self::parse(text).map(Some).ok_or_else(errors::invalid_expression),
            _ => Err(errors::invalid_expression()),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let mut parser = Parser {
            tokens: tokens(text)?,
            at: 0,
            depth: 0,
        };
        let expression = parser.either()?;
        (parser.at == parser.tokens.len()).then_some(expression)
    }

    /// Whether a record passes the filter.
    pub(crate) fn accepts(&self, record: &Value) -> bool {
        self.value(record) == Value::Bool(true)
    }

    fn value(&self, record: &Value) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Field(path) => {
                let found = path.split('.').try_fold(record, |value, name| value.get(name));
                found.cloned().unwrap_or_default()
            }
            Self::Not(inner) => Value::Bool(!inner.accepts(record)),
            Self::Both(left, right) => Value::Bool(left.accepts(record) && right.accepts(record)),
            Self::Either(left, right) => Value::Bool(left.accepts(record) || right.accepts(record)),
            Self::Compare(operator, left, right) => {
                Value::Bool(operator.holds(&left.value(record), &right.value(record)))
            }
            Self::Call(function, arguments) => {
                let values: Vec<Value> = arguments.iter().map(|argument| argument.value(record)).collect();
                Value::Bool(function.holds(&values))
            }
        }
    }
}

impl Operator {
    fn holds(self, left: &Value, right: &Value) -> bool {
        let order = match (left, right) {
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            (Value::Number(left), Value::Number(right)) => left
                .as_f64()
                .zip(right.as_f64())
                .and_then(|(left, right)| left.partial_cmp(&right)),
            _ => (left == right).then_some(std::cmp::Ordering::Equal),
        };
        match self {
            Self::Equal => order.is_some_and(std::cmp::Ordering::is_eq),
            Self::NotEqual => !order.is_some_and(std::cmp::Ordering::is_eq),
            Self::Less => order.is_some_and(std::cmp::Ordering::is_lt),
            Self::LessOrEqual => order.is_some_and(std::cmp::Ordering::is_le),
            Self::Greater => order.is_some_and(std::cmp::Ordering::is_gt),
            Self::GreaterOrEqual => order.is_some_and(std::cmp::Ordering::is_ge),
        }
    }
}

impl Function {
    /// The function of a name, and how many arguments it takes.
    fn named(name: &str) -> Option<(Self, usize)> {
        Some(match name {
            "STARTSWITH" => (Self::StartsWith, 2),
            "ENDSWITH" => (Self::EndsWith, 2),
            "INCLUDES" | "CONTAINS" => (Self::Includes, 2),
            "EXISTS" => (Self::Exists, 1),
            _ => return None,
        })
    }

    fn holds(self, values: &[Value]) -> bool {
        match (self, values) {
            (Self::StartsWith, [Value::String(text), Value::String(start)]) => text.starts_with(start),
            (Self::EndsWith, [Value::String(text), Value::String(end)]) => text.ends_with(end),
            (Self::Includes, [Value::String(text), Value::String(part)]) => text.contains(part),
            (Self::Includes, [Value::Array(items), part]) => items.contains(part),
            (Self::Exists, [value]) => !value.is_null(),
            _ => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Symbol(&'static str),
    Name(String),
    Literal(Value),
}

/// Longer symbols first.
const SYMBOLS: [&str; 12] = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", ","];

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        } else if first == '"' || first == '\'' {
            let (value, after) = quoted(&rest[1..], first)?;
            tokens.push(Token::Literal(Value::String(value)));
            rest = after;
        } else {
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || "_.-".contains(c)))
                .unwrap_or(rest.len());
            tokens.push(word(&rest[..end])?);
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Some(tokens)
}

/// The text up to the closing quote, a backslash taking the next character as it is.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?.1),
            c if c == quote => return Some((value, &text[at + c.len_utf8()..])),
            c => value.push(c),
        }
    }
    None
}

fn word(word: &str) -> Option<Token> {
    let first = word.chars().next()?;
    if first.is_ascii_digit() || first == '-' {
        return serde_json::from_str(word)
            .ok()
            .filter(Value::is_number)
            .map(Token::Literal);
    }
    Some(match word {
        "true" => Token::Literal(Value::Bool(true)),
        "false" => Token::Literal(Value::Bool(false)),
        "null" => Token::Literal(Value::Null),
        name => Token::Name(name.to_owned()),
    })
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn take(&mut self, symbol: &'static str) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Symbol(symbol));
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Option<Expression> {
        let mut left = self.both()?;
        while self.take("||") {
            left = Expression::Either(Box::new(left), Box::new(self.both()?));
        }
        Some(left)
    }

    fn both(&mut self) -> Option<Expression> {
        let mut left = self.comparison()?;
        while self.take("&&") {
            left = Expression::Both(Box::new(left), Box::new(self.comparison()?));
        }
        Some(left)
    }

    fn comparison(&mut self) -> Option<Expression> {
        const OPERATORS: [(&str, Operator); 6] = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let left = self.operand()?;
        for (symbol, operator) in OPERATORS {
            if self.take(symbol) {
                return Some(Expression::Compare(
                    operator,
                    Box::new(left),
                    Box::new(self.operand()?),
                ));
            }
        }
        Some(left)
    }

    fn operand(&mut self) -> Option<Expression> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let operand = self.unbounded_operand();
        self.depth -= 1;
        operand
    }

    fn unbounded_operand(&mut self) -> Option<Expression> {
        if self.take("!") {
            return Some(Expression::Not(Box::new(self.operand()?)));
        }
        if self.take("(") {
            let inner = self.either()?;
            return self.take(")").then_some(inner);
        }
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        match token {
            Token::Literal(value) => Some(Expression::Literal(value)),
            Token::Name(name) if self.take("(") => self.call(&name),
            Token::Name(name) => Some(Expression::Field(name)),
            Token::Symbol(_) => None,
        }
    }

    fn call(&mut self, name: &str) -> Option<Expression> {
        let (function, count) = Function::named(name)?;
        let mut arguments = vec![self.either()?];
        while self.take(",") {
            arguments.push(self.either()?);
        }
        (self.take(")") && arguments.len() == count).then_some(Expression::Call(function, arguments))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documented_forms_are_understood() {
        let record = json!({
            "_id": "62", "name": "test one", "order": 2, "isPublic": true, "tags": ["a"], "in": { "er": -1.5 },
        });
        for (text, expected) in [
            ("order == 2", true),
            ("order > 1", true),
            ("order>=3", false),
            ("order != 2", false),
            ("_id == \"62\"", true),
            ("_id == '62' && isPublic == true", true),
            ("isPublic", true),
            ("!isPublic || order < 1", false),
            ("!(order == 1) && (order == 2 || order == 3)", true),
            ("STARTSWITH(name , \"test\")", true),
            ("ENDSWITH(name, 'two')", false),
            ("INCLUDES(tags, 'a')", true),
            ("CONTAINS(name, 't o')", true),
            ("EXISTS(nothing)", false),
            ("nothing == null", true),
            ("in.er == -1.5", true),
            ("name == 'it\\'s'", false),
            ("order == '2'", false),
            ("order < '3'", false),
        ] {
            let expression = Expression::of(&json!(text)).unwrap().unwrap();

            assert_eq!(expression.accepts(&record), expected, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_and_never_a_panic() {
        for text in [
            "==",
            "a ==",
            "a = 1",
            "(a",
            "a)",
            "'open",
            "a b",
            "f(a)",
            "STARTSWITH(a)",
            "1x",
            "-",
            "a && ",
            "\\",
            "é§",
            "'\\",
        ] {
            assert!(Expression::of(&json!(text)).is_err(), "{text}");
        }
        assert!(Expression::of(&json!("(".repeat(2000))).is_err());
        assert!(Expression::of(&json!("!".repeat(2000))).is_err());
        assert!(Expression::of(&json!("a".repeat(5000))).is_err());
        assert!(Expression::of(&json!(5)).is_err());
        assert!(Expression::of(&json!(" ")).unwrap().is_none());
    }
}
