package report_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"wget/internal/report"
)

func TestEscape(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"plain text, ~!@#$%^&*()", "plain text, ~!@#$%^&*()"},
		{"tab\tstays", "tab\tstays"},
		{"café ☃ 漢字 👋", "café ☃ 漢字 👋"},
		{"\x1b[2J", `\x1b[2J`},
		{"\x00\x01\x1f\x7f", `\x00\x01\x1f\x7f`},
		{"a\r\nb", `a\x0d\x0ab`},
		{"\u0080\u009b\u009f", `\xc2\x80\xc2\x9b\xc2\x9f`},
		{"\u00a0", "\u00a0"},
		{"\xff\xe9t\xe9", `\xff\xe9t\xe9`},
		{"\xc2", `\xc2`},
		{"\xed\xa0\x80", `\xed\xa0\x80`}, // a surrogate
		{"\xc0\x80", `\xc0\x80`},         // an overlong NUL
		{"\ufffd", "\ufffd"},             // the replacement character itself
		{"a\u202eb\u2066c\u200ed\u061ce", `a\xe2\x80\xaeb\xe2\x81\xa6c\xe2\x80\x8ed\xd8\x9ce`},
		{"a\U000e0041b\U000e0100", `a\xf3\xa0\x81\x81b\xf3\xa0\x84\x80`}, // a tag, a variation selector of the many
		{"a\u206ab\u3164c\u115fd\ufff9e", `a\xe2\x81\xaab\xe3\x85\xa4c\xe1\x85\x9fd\xef\xbf\xb9e`},
		{"\u2764\ufe0f", "\u2764\ufe0f"},
		{"a\u2028b\u2029c", `a\xe2\x80\xa8b\xe2\x80\xa9c`},
		{`back\slash \n \ \\`, `back\slash \n \ \\`},
		{`\x1b`, `\x5cx1b`},
		{`\\x1b`, `\\x5cx1b`},
		{`\x1`, `\x1`},
		{`\xzz`, `\xzz`},
		{"\\\x1b", `\\x1b`},
		{"\\x\x1b", `\x\x1b`},
		{"\\x1\xff", `\x1\xff`},
	} {
		if got := report.Escape(c.text); got != c.want {
			t.Errorf("Escape(%q) = %q, want %q", c.text, got, c.want)
		}
		if got := unescape(c.want); got != c.text {
			t.Errorf("unescape(%q) = %q, want %q", c.want, got, c.text)
		}
	}
}

// unescape reads \xNN back, in one pass from left to right.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if strings.HasPrefix(s[i:], `\x`) && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// unsafe finds what a terminal would obey or could not show.
func unsafe(s string) (rune, bool) {
	for i, r := range s {
		invalid := r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd")
		if invalid || unicode.IsControl(r) && r != '\t' || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) ||
			strings.ContainsRune("\u00ad\u034f\u180e\u200b\u200c\u200d\u2060\ufeff", r) ||
			unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) && (r < 0xfe00 || r > 0xfe0f) {
			return r, true
		}
	}
	return 0, false
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b[31m", `\x1b`, "\\\xff", "\\x1\x00", "\xe2\x80", "\u202e", "é\xe9", "\t\n\r", `\\\x5c`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := report.Escape(text)
		if r, bad := unsafe(shown); bad {
			t.Errorf("Escape(%q) = %q shows %U", text, shown, r)
		}
		if back := unescape(shown); back != text {
			t.Errorf("Escape(%q) = %q, which reads back as %q", text, shown, back)
		}
	})
}
