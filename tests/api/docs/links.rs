//! Every link within the repository leads somewhere: to a file or folder that is there, and to a heading that is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use support::controlplane::root;

/// `README.md`, all pages of `docs/`, and those of the charts.
pub fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md")];
    let mut folders = vec![root().join("docs"), root().join("charts")];
    while let Some(folder) = folders.pop() {
        for path in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// The lines of a page that are no code, each with its number.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut code = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

/// What stands below a heading of the third level, up to the next heading.
pub fn titled<'a>(text: &'a str, title: &str) -> Option<&'a str> {
    let (_, section) = text.split_once(&format!("\n### {title}\n"))?;
    Some(section.split("\n#").next().unwrap_or(section))
}

/// What stands in `](…)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// The headings of a page as GitHub names them in links.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        // Of a link the text is kept.
        let title: String = title.split('[').map(|part| part.split_once("](").map_or(part, |(text, _)| text)).collect();
        let kept =
            title.trim().to_lowercase().chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter)).collect::<String>();
        let slug = kept.replace(' ', "-");
        let count = seen.entry(slug.clone()).or_default();
        all.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
        *count += 1;
    }
    all
}

fn broken(page: &Path, target: &str) -> Option<String> {
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let there = if path.is_empty() { page.to_owned() } else { page.parent().unwrap().join(path) };
    if !there.exists() {
        return Some("is not there".to_owned());
    }
    let anchor = anchor?;
    let text = std::fs::read_to_string(&there).unwrap_or_default();
    (!anchors(&text).contains(anchor)).then(|| format!("has no heading #{anchor}"))
}

#[test]
fn every_link_leads_somewhere() {
    let mut failures = Vec::new();
    let mut links = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for (number, line) in prose(&text) {
            for target in targets(line).filter(|target| !target.contains("://")) {
                links += 1;
                let place = page.strip_prefix(root()).unwrap().display();
                failures.extend(broken(&page, target).map(|why| format!("{place}:{}: {target} {why}", number + 1)));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(links > 50, "{links} links were found");
}

/// Comments refer to the design by page and heading, between backticks.
#[test]
fn comments_refer_to_what_the_design_has() {
    let mut sources = Vec::new();
    let mut folders: Vec<PathBuf> = ["src", "simulator", "tests", "benches"].map(|folder| root().join(folder)).into();
    while let Some(folder) = folders.pop() {
        for path in folder.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                sources.push(path);
            }
        }
    }
    let is_part = |letter: char| letter.is_alphanumeric() || "-_#.".contains(letter);
    let (mut failures, mut references) = (Vec::new(), 0);
    for source in sources {
        let text = std::fs::read_to_string(&source).unwrap();
        let page = |rest: &str| rest.split(|letter| !is_part(letter)).next().unwrap_or_default().to_owned();
        for target in text.split("`docs/design/").skip(1).map(page) {
            references += 1;
            let place = source.strip_prefix(root()).unwrap().display();
            failures.extend(broken(&root().join("docs/design/README.md"), &target).map(|why| format!("{place}: {target} {why}")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(references > 20, "{references} references were found");
}

/// A page that nobody finds is not read.
#[test]
fn every_page_stands_in_the_index() {
    let index = std::fs::read_to_string(root().join("docs/README.md")).unwrap();
    let listed: BTreeSet<PathBuf> =
        prose(&index).flat_map(|(_, line)| targets(line)).map(|target| root().join("docs").join(target)).collect();
    let missing: Vec<PathBuf> = pages()
        .into_iter()
        .filter(|page| ["docs", "docs/design"].iter().any(|folder| page.parent() == Some(&root().join(folder))))
        .filter(|page| !page.ends_with("README.md") && !listed.contains(page))
        .collect();
    assert!(missing.is_empty(), "docs/README.md does not list {missing:?}");
}

#[test]
fn headings_are_named_as_github_does() {
    let text = "# Never twice, never orphaned\n## `kubectl get`: what it shows\n```\n# no heading\n```\n## A [link](x.md)\n## Same\n## Same\n#no heading";
    let expected = ["never-twice-never-orphaned", "kubectl-get-what-it-shows", "a-link", "same", "same-1"];
    assert_eq!(anchors(text), expected.map(str::to_owned).into());
    assert_eq!(broken(&root().join("README.md"), "no-such-page.md").as_deref(), Some("is not there"));
    assert_eq!(broken(&root().join("README.md"), "LICENSE#nowhere").as_deref(), Some("has no heading #nowhere"));
}
