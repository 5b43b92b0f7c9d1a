package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Setting is one key of a TOML run file. Keys inside tables are written with dots ("rbm.train.hidden").
// Value is a string, int64, float64, bool or a []any of those.
type Setting struct {
	Key   string
	Value any
	Line  int // 1 is the first; 0 when the setting comes from no file
}

// DecodeSettings reads the settings of a run file in the order of its lines. name is what errors call the document.
func DecodeSettings(name string, doc []byte) ([]Setting, error) {
	var tree map[string]any
	if err := toml.Unmarshal(doc, &tree); err != nil {
		if d, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, _ := d.Position()
			return nil, fmt.Errorf("%s line %d: %s", name, row, strings.TrimPrefix(d.Error(), "toml: "))
		}
		return nil, fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "toml: "))
	}
	lines := keyLines(doc)
	var settings []Setting
	if err := flatten(tree, "", lines, func(s Setting) error {
		if !plain(s.Value) {
			return fmt.Errorf("%s line %d: %s: a value must be a string, a number, a bool or a list of those", name, s.Line, s.Key)
		}
		settings = append(settings, s)
		return nil
	}); err != nil {
		return nil, err
	}
	slices.SortFunc(settings, func(x, y Setting) int {
		if x.Line != y.Line {
			return x.Line - y.Line
		}
		return strings.Compare(x.Key, y.Key)
	})
	return settings, nil
}

func flatten(tree map[string]any, prefix string, lines map[string]int, emit func(Setting) error) error {
	for k, v := range tree {
		key := prefix + k
		if sub, ok := v.(map[string]any); ok {
			if err := flatten(sub, key+".", lines, emit); err != nil {
				return err
			}
			continue
		}
		line, known := lines[key]
		for at := key; !known && at != ""; line, known = lines[at] { // the keys of an inline table stand on its line
			at = at[:max(0, strings.LastIndexByte(at, '.'))]
		}
		if err := emit(Setting{key, v, line}); err != nil {
			return err
		}
	}
	return nil
}

func plain(v any) bool {
	switch v := v.(type) {
	case string, int64, float64, bool:
		return true
	case []any:
		for _, x := range v {
			if _, nested := x.([]any); nested || !plain(x) {
				return false
			}
		}
		return true
	}
	return false
}

// keyLines tells on which line each dotted key of a valid document stands.
func keyLines(doc []byte) map[string]int {
	lines := map[string]int{}
	prefix := ""
	p := unstable.Parser{}
	p.Reset(doc)
	for p.NextExpression() {
		e := p.Expression()
		key, line := "", 0
		for it := e.Key(); it.Next(); {
			if key != "" {
				key += "."
			}
			key += string(it.Node().Data)
			if line == 0 {
				line = p.Shape(it.Node().Raw).Start.Line
			}
		}
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			prefix = key + "."
		case unstable.KeyValue:
			key = prefix + key
		}
		if lines[key] == 0 {
			lines[key] = line
		}
	}
	return lines
}

// EncodeSettings writes settings as a TOML document under a comment, in the order given. Keys with dots stay dotted.
func EncodeSettings(comment string, settings []Setting) ([]byte, error) {
	var b bytes.Buffer
	for line := range strings.Lines(comment) {
		b.WriteString(strings.TrimRight("# "+line, " \n") + "\n")
	}
	for _, s := range settings {
		if v, ok := s.Value.(int); ok {
			s.Value = int64(v)
		}
		if !plain(s.Value) {
			return nil, fmt.Errorf("toml: %s: a %T is no plain value", s.Key, s.Value)
		}
		line, err := toml.Marshal(map[string]any{"v": s.Value})
		if err != nil {
			return nil, fmt.Errorf("toml: %s: %w", s.Key, err)
		}
		b.WriteString(s.Key)
		b.Write(bytes.TrimPrefix(line, []byte("v")))
	}
	return b.Bytes(), nil
}

// CheckKeys refuses the first setting whose key is not known, with the line on which it stands and the nearest known
// key if one is near. name is what the error calls the document.
func CheckKeys(name string, settings []Setting, known []string) error {
	for _, s := range settings {
		if slices.Contains(known, s.Key) {
			continue
		}
		hint := ""
		best := 3
		for _, k := range known {
			if d := distance(s.Key, k); d < best {
				best, hint = d, fmt.Sprintf(" (did you mean %q?)", k)
			}
		}
		return fmt.Errorf("%s line %d: unknown key %q%s", name, s.Line, s.Key, hint)
	}
	return nil
}

// distance is Levenshtein's: how many letters must be inserted, removed or replaced.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d++
			}
			diagonal = row[j+1]
			row[j+1] = min(d, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
