//! QR codes as the outline of their dark squares: drawn by whoever shows them, loaded from nowhere.

use qrcodegen::{QrCode, QrCodeEcc};
use serde::Serialize;
use std::fmt::Write as _;
use utoipa::ToSchema;

/// Light squares that belong around it (ISO/IEC 18004).
const MARGIN: i32 = 4;

/// A square picture.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Picture {
    /// Its width and height in squares, margin included: `viewBox="0 0 size size"`.
    size: i32,
    /// The dark squares as the `d` of an SVG path.
    path: String,
}

impl Picture {
    /// The QR code of a text; none when it is too long for one.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
        let mut path = String::new();
        for y in 0..code.size() {
            let mut x = 0;
            while x < code.size() {
                let start = x;
                while x < code.size() && code.get_module(x, y) {
                    x += 1;
                }
                if x > start {
                    let _ = write!(path, "M{} {}h{}v1h-{}z", start + MARGIN, y + MARGIN, x - start, x - start);
                }
                x += 1;
            }
        }
        Some(Self { size: code.size() + 2 * MARGIN, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_has_no_picture_and_the_rest_has_its_corners() {
        assert!(Picture::of(&"x".repeat(3000)).is_none());
        let picture = Picture::of("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ").expect("picture");
        // Three of the corners begin with seven dark squares.
        let last = picture.size - MARGIN - 7;
        for corner in [format!("M{MARGIN} {MARGIN}h7v1h-7z"), format!("M{last} {MARGIN}h7v1h-7z"), format!("M{MARGIN} {last}h7v1h-7z")] {
            assert!(picture.path.contains(&corner), "{corner}: {}", picture.path);
        }
    }
}
