//! How resources leave Terraform without being deleted: those of which there are objects, and nothing else.

use std::collections::BTreeSet;

use super::state::without_keys;
use crate::takeover::{Mode, Skipped};

/// What is to leave the state, and what is not.
pub struct Removal<'a> {
    /// Addresses of which there are objects.
    pub taken: BTreeSet<&'a str>,
    /// What there is no object for, by its address: it may be all of an instance, or a part of one of those.
    pub left: &'a [Skipped],
    /// Deposed objects, by the address of their instance.
    pub deposed: &'a [Skipped],
    /// What the objects do at first.
    pub mode: Mode,
}

impl Removal<'_> {
    /// What to run, or to write into the configuration.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        if self.taken.is_empty() {
            return Vec::new();
        }
        let first = match self.mode {
            Mode::Observe => "Remove the resources from the state before the operator manages them:",
            Mode::Managed => {
                "The objects manage their resources from the beginning: remove the resources from the state first, then apply the objects."
            }
        };
        let mut lines = vec![first.to_owned()];
        lines.extend(self.taken.iter().flat_map(|address| self.command(address)));
        lines.push("or, from Terraform 1.7 on, put this in place of their blocks of the configuration, and apply it:".to_owned());
        let resources: BTreeSet<String> = self.taken.iter().map(|address| without_keys(address)).collect();
        lines.extend(resources.iter().flat_map(|resource| self.block(resource)));
        lines
    }

    /// The command for an instance. It forgets all that is at the address.
    fn command(&self, address: &str) -> Vec<String> {
        if let Some(left) = self.left.iter().find(|left| left.what == address) {
            return vec![format!("  # {address} is left in the state, as only a part of it has an object: {}", left.why)];
        }
        let has_deposed = self.deposed.iter().any(|deposed| deposed.what == address);
        let warning = "  # The next one has a deposed object, which this forgets too: let Terraform delete that first, by an apply.";
        let command = format!("  terraform state rm {}", quoted(address));
        has_deposed.then(|| warning.to_owned()).into_iter().chain([command]).collect()
    }

    /// The block for a resource. It is for all instances: there is none where one of them has no object.
    fn block(&self, resource: &str) -> Vec<String> {
        if let Some(left) = self.left.iter().chain(self.deposed).find(|left| without_keys(&left.what) == resource) {
            return vec![format!("  # no block for {resource}, which would be for all that is there, also for {left}")];
        }
        let block = ["  removed {", &format!("    from = {resource}"), "    lifecycle {", "      destroy = false", "    }", "  }"];
        block.map(str::to_owned).into()
    }
}

/// As a shell takes it.
fn quoted(address: &str) -> String {
    let is_plain = address.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
    if is_plain { address.to_owned() } else { format!("'{}'", address.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(taken: &[&str], left: &[&str], deposed: &[&str], mode: Mode) -> Vec<String> {
        let skipped = |addresses: &[&str], why: &str| -> Vec<Skipped> {
            addresses.iter().map(|address| Skipped { what: (*address).to_owned(), why: why.to_owned() }).collect()
        };
        let (left, deposed) = (skipped(left, "no object"), skipped(deposed, "deposed"));
        Removal { taken: taken.iter().copied().collect(), left: &left, deposed: &deposed, mode }.lines()
    }

    fn with<'a>(lines: &'a [String], what: &str) -> Vec<&'a str> {
        lines.iter().map(String::as_str).filter(|line| line.contains(what)).collect()
    }

    #[test]
    fn each_instance_has_a_line_and_each_resource_a_block() {
        let lines = lines(&["a.x[\"it's\"]", "a.x[\"b\"]", "a.y", "a.y"], &[], &[], Mode::Observe);
        assert_eq!(
            with(&lines, "state rm"),
            ["  terraform state rm 'a.x[\"b\"]'", "  terraform state rm 'a.x[\"it'\\''s\"]'", "  terraform state rm a.y"]
        );
        assert_eq!(with(&lines, "from = "), ["    from = a.x", "    from = a.y"]);
        assert!(super::tests::lines(&[], &["a.x"], &[], Mode::Observe).is_empty());
    }

    #[test]
    fn nothing_without_an_object_is_forgotten() {
        let taken = ["m.a.x[0]", "m.a.y", "m.a.z[1]", "m.a.w"];
        let lines = lines(&taken, &["m.a.x[1]", "m.a.y", "m.a.other"], &["m.a.z[1]"], Mode::Observe);
        assert_eq!(
            with(&lines, "terraform state rm"),
            ["  terraform state rm m.a.w", "  terraform state rm 'm.a.x[0]'", "  terraform state rm 'm.a.z[1]'"]
        );
        let command = lines.iter().position(|line| line.contains("state rm 'm.a.z[1]'")).unwrap();
        assert_eq!(with(&lines, "deposed object").len(), 1);
        assert!(lines[command - 1].contains("deposed object"), "{lines:?}");
        assert!(with(&lines, "m.a.y is left in the state")[0].ends_with(": no object"), "{lines:?}");
        assert_eq!(with(&lines, "from = "), ["    from = m.a.w"], "no instance of it is left");
        let reasons = with(&lines, "no block for");
        let wanted = [("m.a.x,", "m.a.x[1]: no object"), ("m.a.y,", "m.a.y: no object"), ("m.a.z,", "m.a.z[1]: deposed")];
        assert!(
            reasons.len() == 3 && reasons.iter().zip(wanted).all(|(told, (of, why))| told.contains(of) && told.ends_with(why)),
            "{reasons:?}"
        );
    }

    #[test]
    fn objects_that_manage_are_applied_after_the_removal() {
        assert!(lines(&["a.x"], &[], &[], Mode::Managed)[0].contains("from the state first, then apply the objects"));
        assert!(lines(&["a.x"], &[], &[], Mode::Observe)[0].contains("before the operator manages them"));
    }
}
