//! What must be read nowhere but in a Secret: how each secret of the fixtures begins, in clear and as a Secret's data show it.

/// Access keys count: they are no secret by themselves, but half of one.
const BEGINNINGS: [&str; 16] = [
    "AKSIMULATOR",
    "QUtTSU1VTEFU",
    "SKsimulator",
    "U0tzaW11bGF0",
    "Simulated-Pass",
    "U2ltdWxhdGVkLVBh",
    "SIMULATEDSECURITYTOKEN",
    "U0lNVUxBVEVEU0VDVVJJVFlUT0tF",
    // Tokens that the simulator gives out. Its temporary keys begin as those above.
    "MIISIMULATED",
    "SIMULATEDMETADATATOKEN",
    // Keys of BGP sessions, of tests and samples.
    "Qaz12345678",
    "UWF6MTIzNDU2",
    "Edc12345678",
    "RWRjMTIzNDU2",
    "Wsx12345678",
    "V3N4MTIzNDU2",
];

/// Lines of a text that hold a secret, with what is before them for a reader to find the place.
pub fn leaks(place: &str, text: &str) -> Vec<String> {
    let leaky = text.lines().filter_map(|line| {
        let (secret, at) = BEGINNINGS.iter().find_map(|secret| Some((secret, line.find(secret)?)))?;
        let start = (0..=at.saturating_sub(300)).rev().find(|start| line.is_char_boundary(*start)).unwrap_or(0);
        Some(format!("{place}: {secret}… in …{}", &line[start..at + secret.len()]))
    });
    leaky.collect()
}
