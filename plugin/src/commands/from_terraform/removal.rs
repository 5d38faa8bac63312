//! How resources leave Terraform without being deleted.

use std::collections::BTreeSet;

use super::state::without_keys;

/// What to run, or to write into the configuration, for these addresses.
#[must_use]
pub fn lines<'a>(addresses: impl Iterator<Item = &'a str>) -> Vec<String> {
    let addresses: BTreeSet<&str> = addresses.collect();
    if addresses.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["Remove the resources from the state before the operator manages them:".to_owned()];
    lines.extend(addresses.iter().map(|address| format!("  terraform state rm {}", quoted(address))));
    lines.push("or, from Terraform 1.7 on, put this in place of their blocks of the configuration, and apply it:".to_owned());
    // A block is for all instances.
    let resources: BTreeSet<String> = addresses.into_iter().map(without_keys).collect();
    for resource in resources {
        lines.extend(["  removed {".to_owned(), format!("    from = {resource}"), "    lifecycle {".to_owned()]);
        lines.extend(["      destroy = false", "    }", "  }"].map(str::to_owned));
    }
    lines
}

/// As a shell takes it.
fn quoted(address: &str) -> String {
    let is_plain = address.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
    if is_plain { address.to_owned() } else { format!("'{}'", address.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_instance_has_a_line_and_each_resource_a_block() {
        let lines = lines(["a.x[\"it's\"]", "a.x[\"b\"]", "a.y", "a.y"].into_iter());
        let commands: Vec<&str> = lines.iter().map(String::as_str).filter(|line| line.contains("state rm")).collect();
        assert_eq!(commands, ["  terraform state rm 'a.x[\"b\"]'", "  terraform state rm 'a.x[\"it'\\''s\"]'", "  terraform state rm a.y"]);
        let blocks: Vec<&str> = lines.iter().map(String::as_str).filter(|line| line.contains("from = ")).collect();
        assert_eq!(blocks, ["    from = a.x", "    from = a.y"]);
        assert!(super::lines(std::iter::empty()).is_empty());
    }
}
