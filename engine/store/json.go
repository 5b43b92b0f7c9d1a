package store

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Summary is a JSON object whose keys keep their order. A value may be a number, a string, a bool, nil, an Estimate,
// a slice, a map with string keys, a struct (keys from its json tags, else its field names in snake case) or another
// Summary.
//
// JSON has no NaN and no infinities. Such a number is written as null, and the object ends with the key "not_finite",
// which says for each of them where it stands and what it was: {"energy[3].err": "NaN"}.
type Summary []Entry

// Entry is one key of a Summary.
type Entry struct {
	Key   string
	Value any
}

// Estimate is a number with its standard error.
type Estimate struct {
	Mean float64 `json:"mean"`
	Err  float64 `json:"err"`
}

// Set replaces the value of a key or appends it.
func (s *Summary) Set(key string, value any) {
	for i := range *s {
		if (*s)[i].Key == key {
			(*s)[i].Value = value
			return
		}
	}
	*s = append(*s, Entry{key, value})
}

// Get returns the value of a key.
func (s Summary) Get(key string) (any, bool) {
	for _, e := range s {
		if e.Key == key {
			return e.Value, true
		}
	}
	return nil, false
}

// Encode writes the object in lines that a reader can follow: arrays of numbers and estimates stay on one line.
func (s Summary) Encode(w io.Writer) error {
	n, err := s.tree()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	n.lines(&b, 0)
	b.WriteByte('\n')
	_, err = w.Write(b.Bytes())
	return err
}

// MarshalJSON gives the object on one line, so that encoding/json and Log agree with Encode.
func (s Summary) MarshalJSON() ([]byte, error) {
	n, err := s.tree()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	n.line(&b)
	return b.Bytes(), nil
}

const notFinite = "not_finite"

func (s Summary) tree() (node, error) {
	var odd []node
	n, err := toNode(reflect.ValueOf(s), "", &odd)
	if err != nil {
		return node{}, fmt.Errorf("json: %w", err)
	}
	if n.kind == 0 {
		n = node{kind: '{'}
	}
	if len(odd) > 0 {
		n.kids = append(n.kids, node{kind: '{', key: notFinite, kids: odd})
	}
	return n, nil
}

// node is a value on its way to text: kind '{' and '[' have kids, 0 has text.
type node struct {
	kind byte
	key  string
	text string
	kids []node
}

func text(v any) node {
	b, _ := json.Marshal(v)
	return node{text: string(b)}
}

var summaryType = reflect.TypeFor[Summary]()

// toNode converts a value that stands at path; numbers that are not finite are appended to odd.
func toNode(v reflect.Value, path string, odd *[]node) (node, error) {
	if !v.IsValid() {
		return node{text: "null"}, nil
	}
	if v.Type() == summaryType {
		n := node{kind: '{'}
		for _, e := range v.Interface().(Summary) {
			if err := n.add(e.Key, reflect.ValueOf(e.Value), path, odd); err != nil {
				return node{}, err
			}
		}
		return n, nil
	}
	if t, ok := v.Interface().(encoding.TextMarshaler); ok && (v.Kind() != reflect.Pointer || !v.IsNil()) {
		b, err := t.MarshalText()
		return text(string(b)), err
	}
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		f := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			why := text(strconv.FormatFloat(f, 'g', -1, 64))
			why.key = path
			*odd = append(*odd, why)
			return node{text: "null"}, nil
		}
		return text(v.Interface()), nil
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return text(v.Interface()), nil
	case reflect.Pointer, reflect.Interface:
		return toNode(v.Elem(), path, odd)
	case reflect.Slice, reflect.Array:
		n := node{kind: '['}
		for i := range v.Len() {
			k, err := toNode(v.Index(i), fmt.Sprintf("%s[%d]", path, i), odd)
			if err != nil {
				return node{}, err
			}
			n.kids = append(n.kids, k)
		}
		return n, nil
	case reflect.Map:
		return mapNode(v, path, odd)
	case reflect.Struct:
		return structNode(v, path, odd)
	}
	return node{}, fmt.Errorf("%s: a %s cannot be written as JSON", path, v.Type())
}

func (n *node) add(key string, v reflect.Value, path string, odd *[]node) error {
	if path != "" {
		path += "."
	}
	k, err := toNode(v, path+key, odd)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(n.kids, func(have node) bool { return have.key == key }) {
		return fmt.Errorf("%s: the key is used twice", path+key)
	}
	k.key = key
	n.kids = append(n.kids, k)
	return nil
}

func mapNode(v reflect.Value, path string, odd *[]node) (node, error) {
	if v.Type().Key().Kind() != reflect.String {
		return node{}, fmt.Errorf("%s: a %s cannot be written as JSON", path, v.Type())
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	n := node{kind: '{'}
	for _, k := range keys {
		if err := n.add(k.String(), v.MapIndex(k), path, odd); err != nil {
			return node{}, err
		}
	}
	return n, nil
}

func structNode(v reflect.Value, path string, odd *[]node) (node, error) {
	n := node{kind: '{'}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || (options == "omitempty" && v.Field(i).IsZero()) {
			continue
		}
		if name == "" {
			name = snake(f.Name)
		}
		if err := n.add(name, v.Field(i), path, odd); err != nil {
			return node{}, err
		}
	}
	return n, nil
}

// snake turns TauInt into tau_int and LogZ into log_z.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 && !(name[i-1] >= 'A' && name[i-1] <= 'Z') {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (n node) open(b *bytes.Buffer) {
	if n.key != "" {
		k, _ := json.Marshal(n.key)
		b.Write(k)
		b.WriteString(": ")
	}
	if n.kind == 0 {
		b.WriteString(n.text)
	} else {
		b.WriteByte(n.kind)
	}
}

// line prints the node on one line.
func (n node) line(b *bytes.Buffer) {
	n.open(b)
	if n.kind == 0 {
		return
	}
	for i, k := range n.kids {
		if i > 0 {
			b.WriteString(", ")
		}
		k.line(b)
	}
	b.WriteByte(n.kind + 2) // in ASCII ']' is '['+2 and '}' is '{'+2
}

// lines prints the node over several lines, but whatever holds nothing nested on one.
func (n node) lines(b *bytes.Buffer, depth int) {
	nested := slices.ContainsFunc(n.kids, func(k node) bool { return k.kind != 0 })
	if depth > 0 && !nested {
		n.line(b)
		return
	}
	n.open(b)
	for i, k := range n.kids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.WriteString(strings.Repeat("  ", depth+1))
		k.lines(b, depth+1)
	}
	if len(n.kids) > 0 {
		b.WriteByte('\n')
		b.WriteString(strings.Repeat("  ", depth))
	}
	b.WriteByte(n.kind + 2)
}

// DecodeSummary reads a JSON object and keeps the order of its keys. Objects become Summary, arrays []any, numbers
// float64.
func DecodeSummary(b []byte) (Summary, error) {
	var probe any
	if err := json.Unmarshal(b, &probe); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	v, err := ordered(d)
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	s, ok := v.(Summary)
	if !ok {
		return nil, fmt.Errorf("not a JSON object")
	}
	return s, nil
}

func ordered(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		s := Summary{}
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := ordered(d)
			if err != nil {
				return nil, err
			}
			s = append(s, Entry{k.(string), v})
		}
		_, err = d.Token()
		return s, err
	case json.Delim('['):
		a := []any{}
		for d.More() {
			v, err := ordered(d)
			if err != nil {
				return nil, err
			}
			a = append(a, v)
		}
		_, err = d.Token()
		return a, err
	}
	return t, nil
}
