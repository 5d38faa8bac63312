//! Names of objects.

/// Kind, namespace and name of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// E.g. `VirtualGateway`.
    pub kind: &'static str,
    /// Empty for an object without a namespace.
    pub namespace: String,
    pub name: String,
}

impl ObjectKey {
    /// A `CloudAccount`, which has no namespace.
    #[must_use]
    pub fn account(name: &str) -> Self {
        Self { kind: "CloudAccount", namespace: String::new(), name: name.to_owned() }
    }

    #[must_use]
    pub fn secret(namespace: &str, name: &str) -> Self {
        Self { kind: "Secret", namespace: namespace.to_owned(), name: name.to_owned() }
    }
}
