//! STS: temporary keys of an agency, by an id token or by keys.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, Keys};
use crate::{
    auth::{
        Caller, Issued,
        accounts::Account,
        by_signature,
        id_tokens::{self, Refusal},
    },
    http::{ApiError, HttpResponse},
    settings::{Agency, IdTokens, Provider},
    state::Object,
};

/// The shortest and the longest session that can be asked for, and the one that nobody asks for.
const DURATION: std::ops::RangeInclusive<u64> = 900..=43_200;
const DEFAULT_DURATION: u32 = 3600;
/// The longest session of who has a session already.
const CHAINED: u32 = 3600;

/// `AssumeAgencyWithOIDC`: needs no credentials but the id token.
pub fn assume_with_oidc(issued: &mut Issued, call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    let body = Body::read(call)?;
    body.check_length("provider_urn", 1..=1500)?;
    body.check_length("id_token", 4..=20_000)?;
    let (account, agency_name, agency) = body.agency(call)?;
    let provider_urn = body.text("provider_urn");
    let (provider_name, provider) = provider(call, provider_urn).ok_or_else(|| not_found("identity provider", provider_urn))?;
    let (subject, audience) = match call.settings.identity.id_tokens {
        IdTokens::Any => ("anybody".to_owned(), provider.client_ids.first().map_or("", String::as_str)),
        IdTokens::Checked => {
            let checked = id_tokens::check(body.text("id_token"), provider, call.now.timestamp);
            let (claims, client) = checked.map_err(refused)?;
            if agency.provider.as_deref() != Some(provider_name) || !agency.trusts_subject(&claims.subject) {
                return Err(denied("sts:agencies:assumeWithOIDC"));
            }
            (claims.subject, client)
        }
    };
    let duration = body.duration(agency, false)?;
    let session = body.session();
    let keys = call.issue_keys(issued, account, &format!("{agency_name}/{session}"), &subject, duration);
    let mut answer = answer(&keys, account, agency_name, session);
    answer.extend(object(json!({"audience": audience, "provider": provider_urn, "subject_from_id_token": subject, "source_identity": session_identity(&subject)})));
    Ok(HttpResponse::new(StatusCode::OK, Vec::new(), Some(&Value::Object(answer)), call.request_id))
}

/// `AssumeAgency`: signed.
pub fn assume(issued: &mut Issued, call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    let caller = by_signature(call.request, call.accounts, &mut issued.keys, call.settings, call.now)?;
    let chained = call.request.header("x-security-token").is_some();
    let body = Body::read(call)?;
    if body.0.contains_key("external_id") {
        body.check_length("external_id", 2..=1224)?;
    }
    let (account, agency_name, agency) = body.agency(call)?;
    let stated = body.0.get("external_id").and_then(Value::as_str);
    let fits = agency.external_id.is_none() || agency.external_id.as_deref() == stated;
    if !trusts(agency, &caller, call) || !fits {
        return Err(denied("sts:agencies:assume"));
    }
    let duration = body.duration(agency, chained)?;
    let session = body.session();
    let keys = call.issue_keys(issued, account, &format!("{agency_name}/{session}"), &caller.user, duration);
    let answer = answer(&keys, account, agency_name, session);
    Ok(HttpResponse::new(StatusCode::OK, Vec::new(), Some(&Value::Object(answer)), call.request_id))
}

/// Whether keys of the caller's account may assume the agency.
pub fn trusts(agency: &Agency, caller: &Caller, call: &Call<'_>) -> bool {
    let own = call.accounts.iter().find(|account| account.domain_id() == caller.domain_id);
    own.is_some_and(|account| agency.trusted_domains.contains(&account.domain))
}

/// The body of a request, with the checks that both operations share.
struct Body(Object);

impl Body {
    fn read(call: &Call<'_>) -> Result<Self, ApiError> {
        let body = Self(serde_json::from_slice(&call.request.body).map_err(|_| invalid("the request body is no JSON object"))?);
        body.check_length("agency_urn", 1..=1500)?;
        body.check_length("agency_session_name", 2..=128)?;
        if !body.session().chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)) {
            return Err(invalid("agency_session_name is invalid"));
        }
        if body.0.contains_key("policy") {
            body.check_length("policy", 2..=4096)?;
        }
        if body.0.get("policy_ids").is_some_and(|ids| ids.as_array().is_none_or(|ids| ids.len() > 20)) {
            return Err(invalid("policy_ids is invalid"));
        }
        Ok(body)
    }

    fn check_length(&self, key: &str, bounds: std::ops::RangeInclusive<usize>) -> Result<(), ApiError> {
        let text = self.0.get(key).and_then(Value::as_str);
        let fits = text.is_some_and(|text| bounds.contains(&text.chars().count()));
        if fits { Ok(()) } else { Err(invalid(&format!("{key} is missing or invalid"))) }
    }

    fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn session(&self) -> &str {
        self.text("agency_session_name")
    }

    /// The agency with its name and its account.
    fn agency<'c>(&'c self, call: &'c Call<'_>) -> Result<(&'c Account, &'c str, &'c Agency), ApiError> {
        let urn = self.text("agency_urn");
        let (account_id, name) = Call::urn(urn, "agency").ok_or_else(|| invalid("agency_urn is invalid"))?;
        let found = call.settings.identity.agencies.get(name).and_then(|agency| Some((call.account_of(agency)?, name, agency)));
        found.filter(|(account, ..)| account.domain_id() == account_id).ok_or_else(|| not_found("agency", urn))
    }

    /// The seconds that are asked for.
    fn duration(&self, agency: &Agency, chained: bool) -> Result<u32, ApiError> {
        let asked = match self.0.get("duration_seconds") {
            None => return Ok(DEFAULT_DURATION),
            Some(asked) => asked.as_u64().filter(|asked| DURATION.contains(asked)).and_then(|asked| u32::try_from(asked).ok()),
        };
        let longest = if chained { agency.max_session_s.min(CHAINED) } else { agency.max_session_s };
        asked
            .filter(|asked| *asked <= longest)
            .ok_or_else(|| invalid("duration_seconds is out of range, or longer than the agency or the caller's own session allows"))
    }
}

/// The provider of a URN, with its name.
fn provider<'c>(call: &'c Call<'_>, urn: &'c str) -> Option<(&'c str, &'c Provider)> {
    let (account_id, name) = Call::urn(urn, "oidcProvider")?;
    let provider = call.settings.identity.providers.get(name)?;
    let account = call.account(provider.domain.as_deref())?;
    (account.domain_id() == account_id).then_some((name, provider))
}

fn answer(keys: &Keys, account: &Account, agency: &str, session: &str) -> Object {
    object(json!({
        "credentials": {
            "access_key_id": keys.key.id, "secret_access_key": keys.key.secret, "security_token": keys.security_token(),
            "expiration": keys.expiration(),
        },
        "assumed_agency": {"urn": session_urn(account, agency, session), "id": session_id(account, session)},
    }))
}

pub fn session_urn(account: &Account, agency: &str, session: &str) -> String {
    format!("sts::{}::assumed-agency:{agency}/{session}", account.domain_id())
}

/// The id of an agency is that of its account here.
pub fn session_id(account: &Account, session: &str) -> String {
    format!("{}:{session}", account.domain_id())
}

/// The subject in the letters and the length that are allowed.
fn session_identity(subject: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' };
    subject.chars().map(letter).take(64).collect()
}

fn object(value: Value) -> Object {
    if let Value::Object(fields) = value { fields } else { Object::new() }
}

/// The one code that is published, of a trust policy that does not fit, stands for all others but that of the audience.
fn invalid(message: &str) -> ApiError {
    ApiError::identity(StatusCode::BAD_REQUEST, "STS5.1001", message)
}

fn refused(refusal: Refusal) -> ApiError {
    let code = if refusal == Refusal::Audience { "STS5.2001" } else { "STS5.1001" };
    ApiError::identity(StatusCode::BAD_REQUEST, code, refusal.message())
}

fn denied(action: &str) -> ApiError {
    ApiError::identity(StatusCode::FORBIDDEN, "STS5.1001", &format!("no identity-based policy allows {action}"))
}

fn not_found(kind: &str, urn: &str) -> ApiError {
    ApiError::identity(StatusCode::NOT_FOUND, "STS5.1001", &format!("the {kind} {urn} does not exist"))
}
