//! The last lines that a plugin wrote, within bounds.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::secret::mask::mask_text;
use crate::text::truncated;

/// The most lines in memory.
const MAX_LINES: usize = 200;

/// The longest line in memory, in characters: a plugin may print whole answers.
const MAX_LINE: usize = 2_000;

/// The most that is read of a line, in bytes. It is masked before it is cut: a secret may be across the cut.
const MAX_READ: usize = 64 * 1024;

/// The end of a log. Clones share it.
#[derive(Clone, Default)]
pub struct LogTail(Arc<Mutex<VecDeque<String>>>);

impl LogTail {
    /// Reads `pipe` to its end.
    pub async fn follow(self, mut pipe: impl AsyncRead + Unpin) {
        let mut chunk = vec![0; 8 * 1024];
        let mut line = Vec::new();
        while let Ok(length @ 1..) = pipe.read(&mut chunk).await {
            for byte in &chunk[..length] {
                match byte {
                    b'\n' => self.push(&std::mem::take(&mut line)),
                    byte if line.len() < MAX_READ => line.push(*byte),
                    _ => {}
                }
            }
        }
        if !line.is_empty() {
            self.push(&line);
        }
    }

    fn push(&self, line: &[u8]) {
        let text = mask_text(String::from_utf8_lossy(line).trim_end());
        let text = truncated(&text, MAX_LINE).map(str::to_owned).unwrap_or(text);
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == MAX_LINES {
            lines.pop_front();
        }
        lines.push_back(text);
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_long_log_is_kept_and_no_line_is_long() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let tail = LogTail::default();
        let text = (0..1_000).map(|line| format!("{line}\r\n")).collect::<String>() + &"x".repeat(100_000);
        runtime.block_on(tail.clone().follow(text.as_bytes()));
        let lines = tail.lines();
        assert_eq!((lines.len(), lines[0].as_str()), (MAX_LINES, "801"));
        assert_eq!(lines[MAX_LINES - 1].len(), MAX_LINE);
        crate::secret::mask::remember("a-secret-across-the-end");
        let text = format!("{} a-secret-across-the-end {}", "é ".repeat(995), "é ".repeat(995));
        runtime.block_on(tail.clone().follow(text.as_bytes()));
        let last = tail.lines().pop().unwrap();
        assert!(last.contains("****") && !last.contains("a-sec"), "{last}");
    }
}
