package store

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSettings(t *testing.T) {
	doc := `# a run
verb = "rbm train"
"quoted" = 'x' # said so
rate = 1e-3

[rbm.train]
hidden = 500
binarize = """sample"""
stack = [
  1000,
  500 ]
sub = { a = true, b = 1.0 }
`
	got, err := DecodeSettings("a.toml", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	want := []Setting{
		{"verb", "rbm train", 2},
		{"quoted", "x", 3},
		{"rate", 1e-3, 4},
		{"rbm.train.hidden", int64(500), 7},
		{"rbm.train.binarize", "sample", 8},
		{"rbm.train.stack", []any{int64(1000), int64(500)}, 9},
		{"rbm.train.sub.a", true, 12},
		{"rbm.train.sub.b", 1.0, 12},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSettingsRoundTrip(t *testing.T) {
	in := []Setting{
		{Key: "verb", Value: "temper"}, {Key: "text", Value: "it's \"so\"\n\\"}, {Key: "n", Value: 3}, {Key: "beta", Value: 1.0},
		{Key: "small", Value: math.SmallestNonzeroFloat64}, {Key: "third", Value: 1.0 / 3}, {Key: "yes", Value: true},
		{Key: "temps", Value: []any{.5, 1.0}},
	}
	doc, err := EncodeSettings("cavity run FILE repeats this.\nsecond line", in)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(doc), "# cavity run FILE repeats this.\n# second line\nverb = ") {
		t.Errorf("begins with\n%s", doc)
	}
	got, err := DecodeSettings("x", doc)
	if err != nil {
		t.Fatal(err)
	}
	in[2].Value = int64(3)
	for i := range in {
		in[i].Line = i + 3
	}
	if d := cmp.Diff(in, got); d != "" {
		t.Error(d)
	}
	if _, err := EncodeSettings("", []Setting{{Key: "a", Value: struct{}{}}}); err == nil {
		t.Error("a struct was written")
	}
}

func TestSettingsErrors(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		{"a = 1\nb = ", "f.toml line 2: "},
		{"a = 1\na = 2\n", "f.toml line 2: "},
		{"a = 1979-05-27\n", "f.toml line 1: a: a value must be"},
		{"x = 1\na = [[1], [2]]\n", "f.toml line 2: a: a value must be"},
		{"[[a]]\nb = 1\n", "f.toml line 1: a: a value must be"},
		{"\xff = 1", "f.toml line 1: "},
	} {
		_, err := DecodeSettings("f.toml", []byte(c.doc))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.doc, err, c.want)
		}
	}
}

func TestCheckKeys(t *testing.T) {
	known := []string{"sweeps", "size", "model"}
	s := []Setting{{"size", int64(8), 1}, {"sweps", int64(5), 2}}
	if err := CheckKeys("f.toml", s, known); err == nil || err.Error() != `f.toml line 2: unknown key "sweps" (did you mean "sweeps"?)` {
		t.Error(err)
	}
	s[1].Key = "temperature"
	if err := CheckKeys("f.toml", s, known); err == nil || err.Error() != `f.toml line 2: unknown key "temperature"` {
		t.Error(err)
	}
	if err := CheckKeys("f.toml", s[:1], known); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "abc", 3}, {"kitten", "sitting", 3}, {"seed", "seed", 0}, {"ab", "ba", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// Whatever is read has a line and can be written and read again without change.
func FuzzSettings(f *testing.F) {
	f.Add("verb = 'temper'\nsize = 8\ntemps = [0.5, 1]\n")
	f.Add("[a.b]\nc = {d = 1, e = {f = true}}\n")
	f.Add("a.b.c = 1\n'x.y' = 2\n\"\" = 3\n")
	f.Add("a = nan\nb = -inf\nc = 0x1F\nd = '''x'''")
	f.Add("[[a]]\n[a.b]\nc=1")
	f.Fuzz(func(t *testing.T, doc string) {
		settings, err := DecodeSettings("f", []byte(doc))
		if err != nil {
			if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "f") {
				t.Fatalf("not one sentence that names the file: %q", err)
			}
			return
		}
		for i, s := range settings {
			if s.Line < 1 {
				t.Fatalf("%q has line %d", s.Key, s.Line)
			}
			again, err := EncodeSettings("", []Setting{{Key: "k", Value: s.Value}})
			if err != nil {
				t.Fatal(err)
			}
			back, err := DecodeSettings("again", again)
			if err != nil || len(back) != 1 {
				t.Fatalf("%q: %v", again, err)
			}
			settings[i].Key, settings[i].Line = "k", 1
			equalNaN := cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b })
			if d := cmp.Diff(settings[i], back[0], equalNaN); d != "" {
				t.Fatal(d)
			}
		}
	})
}
