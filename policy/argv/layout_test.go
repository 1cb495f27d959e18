package argv

import (
	"slices"
	"testing"
)

func TestLayout(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		texts          []string
	}{
		{"empty", " \n", " \n", []string{""}},
		{"spaces", "  a   b  \n  c\n", "a b\nc\n", []string{"a b", "c"}},
		{"continuation", "a\n   b   c\n\n d\n", "a\n    b c\n\n    d\n", []string{"a b c d"}},
		{"comments", "    # 1\n  a\n      #  2\n     b\n  # 3\n", "# 1\na\n    #  2\n    b\n# 3\n", []string{"a b"}},
		{"quotes", "'a  b'  'c''  d'   e", "'a  b' 'c''  d' e", []string{"'a  b' 'c''  d' e"}},
		{"placeholders", "<a:re(b  'c)>   <d:re(e  f)>x  y", "<a:re(b  'c)> <d:re(e  f)>x y", []string{"<a:re(b  'c)> <d:re(e  f)>x y"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Layout(tt.in)
			if err != nil || got != tt.want {
				t.Errorf("Layout(%q) = %q, %v, want %q", tt.in, got, err, tt.want)
			}
			if again, err := Layout(got); err != nil || again != got {
				t.Errorf("a second time: %q, %v, want %q", again, err, got)
			}
			for _, src := range []string{tt.in, got} {
				if texts, err := Texts(src); err != nil || !slices.Equal(texts, tt.texts) {
					t.Errorf("Texts(%q) = %q, %v, want %q", src, texts, err, tt.texts)
				}
			}
		})
	}
	const bad = "  a\n b"
	if got, err := Layout(bad); err == nil {
		t.Errorf("Layout(%q) = %q", bad, got)
	}
	if got, err := Texts(bad); err == nil {
		t.Errorf("Texts(%q) = %q", bad, got)
	}
}
