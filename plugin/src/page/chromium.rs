//! The page in headless Chromium, dark and light: no text overlaps another, nothing leaves its box, all can be read.
//!
//! Runs where Chromium is found: at CHROMIUM, or on PATH. Elsewhere it says that it was left out. With `PICTURES` set to a folder, the pictures
//! are kept there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::html;
use super::sample::sample;

/// Runs in the test's copy of the page only.
const MEASURE: &str = include_str!("../../tests/page/measure.js");
/// Width of the window: where the picture is not scaled, a small laptop, a phone.
const WIDTHS: [u32; 3] = [1280, 1000, 400];

fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let on_path = || {
        let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
        names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
    };
    std::env::var_os("CHROMIUM").map(PathBuf::from).or_else(on_path)
}

/// Runs Chromium on a file; a profile of its own keeps runs apart.
fn run(chromium: &Path, file: &Path, arguments: &[String]) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-extensions"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(arguments)
        .arg(format!("file://{}", file.display()))
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", chromium.display(), String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What the script found: what is wrong, and the lines before it.
fn findings(dom: &str) -> (Vec<&str>, Vec<&str>) {
    let from =
        dom.find("<pre id=\"findings\">begin\n").unwrap_or_else(|| panic!("the script did not run: {}", &dom[dom.len().min(2000)..]));
    let found: Vec<&str> = dom[from..].split_once("begin\n").unwrap().1.split_once("\nend").unwrap().0.lines().collect();
    let (about, wrong) = found.split_at(3);
    (about.to_vec(), wrong.to_vec())
}

#[test]
fn the_page_is_readable_with_any_number_of_lines() {
    let Some(chromium) = chromium() else {
        return eprintln!("SKIPPED: no Chromium: set CHROMIUM, or install it");
    };
    let folder = tempfile::tempdir().unwrap();
    let pictures = std::env::var_os("PICTURES").map(PathBuf::from);
    for lines in [0, 1, 6, 200] {
        let page = html(&sample(lines));
        let file = folder.path().join(format!("{lines}.html"));
        // The page forbids scripts; its copy must run one.
        let copy = page.replacen("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'", 1);
        std::fs::write(&file, copy.replacen("</body>", &format!("<script>{MEASURE}</script></body>"), 1)).unwrap();
        for (number, scheme) in ["dark", "light"].into_iter().enumerate() {
            let scheme_flag = format!("--blink-settings=preferredColorScheme={number}");
            // Colours do not depend on the width.
            for width in WIDTHS.into_iter().take(if scheme == "dark" { 1 } else { WIDTHS.len() }) {
                let dom = run(&chromium, &file, &[scheme_flag.clone(), format!("--window-size={width},900"), "--dump-dom".to_owned()]);
                let (about, wrong) = findings(&dom);
                assert!(wrong.is_empty(), "{lines} lines, {scheme}, {width} px: {wrong:#?}");
                let (texts, cards): (usize, usize) = (about[1].parse().unwrap(), about[2].parse().unwrap());
                assert!(about[0] == scheme && texts > 10 * lines && cards >= lines, "{lines} lines, {scheme}: {about:?}");
                if let Some(pictures) = &pictures {
                    let plain = folder.path().join("plain.html");
                    std::fs::write(&plain, &page).unwrap();
                    let picture = pictures.join(format!("{lines}-{scheme}-{width}.png"));
                    let size = format!("--window-size={width},{}", if lines > 6 { 3000 } else { 2400 });
                    run(&chromium, &plain, &[scheme_flag.clone(), size, format!("--screenshot={}", picture.display())]);
                }
            }
        }
        if let Some(pictures) = &pictures {
            let plain = folder.path().join("plain.html");
            std::fs::write(&plain, &page).unwrap();
            run(
                &chromium,
                &plain,
                &["--no-pdf-header-footer".to_owned(), format!("--print-to-pdf={}", pictures.join(format!("{lines}.pdf")).display())],
            );
        }
    }
}
