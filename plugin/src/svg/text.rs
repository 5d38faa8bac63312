//! How wide a text is, without a font at hand: as in the widest of the common ones, so that it fits in all.

use std::borrow::Cow;

/// Advance widths of the printable ASCII characters, in thousandths of the size: of `DejaVu Sans Bold` or `Liberation Sans Bold`,
/// whichever is wider.
const WIDTHS: [u32; 95] = [
    349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 523, 838, 380, 416, 380, 366, 696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400,
    400, 838, 838, 838, 611, 1000, 774, 763, 734, 831, 684, 684, 821, 837, 373, 557, 775, 638, 996, 837, 851, 733, 851, 771, 721, 683, 813,
    774, 1104, 771, 725, 726, 458, 366, 458, 838, 557, 500, 675, 716, 593, 716, 679, 436, 716, 712, 343, 343, 666, 343, 1042, 712, 688,
    716, 716, 494, 596, 479, 712, 652, 924, 646, 652, 583, 712, 366, 712, 838,
];
/// What stands for the rest of a text.
const ELLIPSIS: char = '…';

/// Size and weight of a text.
#[derive(Clone, Copy, Debug)]
pub struct Font {
    /// In tenths of a pixel.
    pub size: u32,
    /// Regular letters are narrower than bold ones: by this factor, in hundredths.
    pub factor: u32,
}

impl Font {
    /// Width of a text in pixels, rounded up.
    #[must_use]
    pub fn width(self, text: &str) -> u32 {
        let thousandths: u32 = text.chars().map(width).sum();
        (thousandths * self.factor / 100 * self.size).div_ceil(10_000)
    }

    /// As much of the text as these pixels hold; with an ellipsis if that is not all.
    #[must_use]
    pub fn cut(self, text: &str, pixels: u32) -> Cow<'_, str> {
        if self.width(text) <= pixels {
            return Cow::Borrowed(text);
        }
        let mut shown = String::new();
        for character in text.chars() {
            shown.push(character);
            shown.push(ELLIPSIS);
            let fits = self.width(&shown) <= pixels;
            shown.pop();
            if !fits {
                shown.pop();
                break;
            }
        }
        let kept = shown.trim_end().len();
        shown.truncate(kept);
        shown.push(ELLIPSIS);
        Cow::Owned(shown)
    }

    /// The words, joined by dots, in as few lines as they need; a word that is too long for a line is cut.
    #[must_use]
    pub fn lines(self, words: &[String], pixels: u32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in words {
            let joined = lines.last().map(|line| format!("{line} · {word}")).filter(|joined| self.width(joined) <= pixels);
            match (joined, lines.last_mut()) {
                (Some(joined), Some(line)) => *line = joined,
                _ => lines.push(word.clone()),
            }
        }
        lines
    }
}

/// In thousandths of the size.
fn width(character: char) -> u32 {
    let known = u32::from(character).checked_sub(32).and_then(|index| WIDTHS.get(usize::try_from(index).ok()?)).copied();
    // Chinese, Japanese and Korean characters are square; other scripts are about as wide as wide Latin letters.
    known.unwrap_or(1000)
}

#[cfg(test)]
mod tests {
    use super::Font;

    const FONT: Font = Font { size: 100, factor: 100 };

    #[test]
    fn what_fits_stays_and_what_does_not_ends_in_an_ellipsis() {
        for (text, pixels, shown) in [
            ("office", 60, "office"),
            ("office", 32, "office"),
            ("office", 31, "offi…"),
            ("an office", 29, "an…"),
            ("専線専線", 40, "専線専線"),
            ("専線専線", 39, "専線…"),
            ("office", 0, "…"),
            ("", 0, ""),
        ] {
            assert_eq!(FONT.cut(text, pixels), shown, "{text} in {pixels}");
            assert!(FONT.width(shown) <= pixels.max(10));
        }
    }

    #[test]
    fn words_share_lines_while_they_fit() {
        let words = ["VLAN 30", "50 Mbit/s", "static"].map(str::to_owned);
        assert_eq!(FONT.lines(&words, 1000), ["VLAN 30 · 50 Mbit/s · static"]);
        assert_eq!(FONT.lines(&words, 60), ["VLAN 30", "50 Mbit/s", "static"]);
        assert_eq!(FONT.lines(&words, 120), ["VLAN 30 · 50 Mbit/s", "static"]);
        assert!(FONT.lines(&[], 10).is_empty());
    }
}
