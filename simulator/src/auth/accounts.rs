//! The accounts of the simulated cloud and their credentials, which are all made up.

/// A user with its domain and its only project.
#[derive(Clone)]
pub struct Account {
    pub domain: String,
    pub user: String,
    pub password: String,
    pub project_id: String,
    pub project_name: String,
    pub keys: Vec<AccessKey>,
}

impl Account {
    pub fn domain_id(&self) -> String {
        domain_of(&self.project_id)
    }
}

/// The domain of a project. Derived from it: the id must only be stable and have the right format.
pub fn domain_of(project_id: &str) -> String {
    project_id.chars().rev().collect()
}

/// An access key. A temporary one is valid only with its security token.
#[derive(Clone)]
pub struct AccessKey {
    pub id: String,
    pub secret: String,
    pub security_token: Option<String>,
}

/// The temporary access key of the first account.
pub fn temporary_key() -> AccessKey {
    AccessKey {
        id: "AKSIMULATORTEMP00001".to_owned(),
        secret: "SKsimulatorTemp/00000000000000000000000+".to_owned(),
        security_token: Some("SIMULATEDSECURITYTOKEN0001+/=".to_owned()),
    }
}

/// The second account, for cross-account interfaces.
pub fn partner(region: &str) -> Account {
    Account {
        domain: "simulated-partner".to_owned(),
        user: "partner".to_owned(),
        password: "Simulated-Pass2".to_owned(),
        project_id: "0605768a3300d5762f82c01180692874".to_owned(),
        project_name: region.to_owned(),
        keys: vec![AccessKey {
            id: "AKSIMULATOR000000002".to_owned(),
            secret: "SKsimulator/000000000000000000000000002+".to_owned(),
            security_token: None,
        }],
    }
}
