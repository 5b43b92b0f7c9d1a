package main

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"cavity/engine/store"
)

// runFile is the verb `run`: a TOML file names a verb and its flags, and flags after the file override it.
//
//	verb = "temper"        or        [temper]
//	model = "ea3d"                   model = "ea3d"
type runFile struct {
	File  string   `arg:"" help:"TOML file: a verb (verb = \"temper\", or a table [temper]) and its flags as keys."`
	Flags []string `arg:"" optional:"" passthrough:"" help:"Flags of that verb, which override the file's."`
}

func (v *runFile) Run(f *frame) error {
	doc, err := os.ReadFile(v.File)
	if err != nil {
		return fmt.Errorf("%s: %w", v.File, errors.Unwrap(err))
	}
	verb, settings, err := f.decode(v.File, doc)
	if err != nil {
		return misuse{err}
	}
	err = f.execute(commandLine(verb, settings, v.Flags))
	if wrong, ok := errors.AsType[misuse](err); ok {
		return misuse{blame(v.File, settings, wrong)}
	}
	return err
}

// decode reads a run file and makes sure that it names one verb that computes and only flags of that verb.
func (f *frame) decode(name string, doc []byte) (verb string, settings []store.Setting, err error) {
	all, err := store.DecodeSettings(name, doc)
	if err != nil {
		return "", nil, err
	}
	named := func(v string, line int) error {
		if verb != "" && verb != v {
			return fmt.Errorf("%s line %d: a second verb, %q after %q", name, line, v, verb)
		}
		verb = v
		return nil
	}
	for _, s := range all {
		at := strings.LastIndexByte(s.Key, '.')
		switch {
		case s.Key == "verb":
			v, isText := s.Value.(string)
			if !isText {
				return "", nil, fmt.Errorf("%s line %d: verb must be a string such as \"temper\"", name, s.Line)
			}
			err = named(strings.Join(strings.Fields(v), " "), s.Line)
		case at >= 0:
			err = named(strings.ReplaceAll(s.Key[:at], ".", " "), s.Line)
			s.Key = s.Key[at+1:]
			settings = append(settings, s)
		default:
			settings = append(settings, s)
		}
		if err != nil {
			return "", nil, err
		}
	}
	if verb == "" {
		return "", nil, fmt.Errorf("%s names no verb: it needs a line such as verb = \"temper\", or a table [temper]", name)
	}
	known, err := f.keys(verb)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := store.CheckKeys(name, settings, known); err != nil {
		return "", nil, err
	}
	for i, s := range settings {
		if slices.ContainsFunc(settings[:i], func(have store.Setting) bool { return have.Key == s.Key }) {
			return "", nil, fmt.Errorf("%s line %d: %s is given twice", name, s.Line, s.Key)
		}
	}
	return verb, settings, nil
}

// keys lists the flags of a verb that computes, such as "temper" or "rbm train".
func (f *frame) keys(verb string) ([]string, error) {
	parser, err := f.parser()
	if err != nil {
		return nil, err
	}
	node := parser.Model.Node
	for _, word := range strings.Fields(verb) {
		i := slices.IndexFunc(node.Children, func(c *kong.Node) bool { return c.Name == word })
		if i < 0 {
			return nil, fmt.Errorf("there is no verb %q", verb)
		}
		node = node.Children[i]
	}
	if _, computes := node.Target.Addr().Interface().(computing); !computes {
		return nil, fmt.Errorf("%q is no verb that computes", verb)
	}
	var keys []string
	for _, group := range node.AllFlags(false) {
		for _, flag := range group {
			if flag.Name != "help" {
				keys = append(keys, flag.Name)
			}
		}
	}
	return keys, nil
}

// commandLine writes settings as flags before the flags of the user, who wins.
func commandLine(verb string, settings []store.Setting, user []string) []string {
	args := strings.Fields(verb)
	for _, s := range settings {
		overridden := slices.ContainsFunc(user, func(arg string) bool {
			name, _, _ := strings.Cut(arg, "=")
			return name == "--"+s.Key || name == "--no-"+s.Key
		})
		if !overridden {
			args = append(args, "--"+s.Key+"="+flagValue(s.Value))
		}
	}
	return append(args, user...)
}

func flagValue(v any) string {
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = strings.ReplaceAll(flagValue(x), ",", `\,`)
		}
		return strings.Join(parts, ",")
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// blame adds the line of the setting that an error of the command line is about.
func blame(file string, settings []store.Setting, err misuse) error {
	for _, s := range settings {
		for _, end := range []string{":", " ", "=", ","} {
			if strings.Contains(err.Error()+" ", "--"+s.Key+end) {
				return fmt.Errorf("%s line %d: %w", file, s.Line, err.error)
			}
		}
	}
	return err.error
}

// asked lists every flag of the parsed verb that says what to compute, with defaults filled in.
func asked(parsed *kong.Context) ([]store.Setting, error) {
	verb := strings.TrimPrefix(parsed.Selected().FullPath(), parsed.Model.Name+" ")
	settings := []store.Setting{{Key: "verb", Value: verb}}
	for _, flag := range parsed.Flags() {
		if slices.Contains(unsaved, flag.Name) {
			continue
		}
		v, err := plain(flag.Target)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", flag.Name, err)
		}
		if v != nil {
			settings = append(settings, store.Setting{Key: flag.Name, Value: v})
		}
	}
	return settings, nil
}

// plain turns the value of a flag into one of a TOML file; nil when the flag was left empty.
func plain(v reflect.Value) (any, error) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil, nil
		}
		return plain(v.Elem())
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return x.String(), nil
	case encoding.TextMarshaler:
		b, err := x.MarshalText()
		return string(b), err
	}
	switch {
	case v.Kind() == reflect.String:
		if v.Len() == 0 {
			return nil, nil
		}
		return v.String(), nil
	case v.Kind() == reflect.Bool:
		return v.Bool(), nil
	case v.CanInt():
		return v.Int(), nil
	case v.CanUint():
		if v.Uint() > math.MaxInt64 {
			return strconv.FormatUint(v.Uint(), 10), nil // TOML's integers end at 2^63
		}
		return int64(v.Uint()), nil
	case v.Kind() == reflect.Float32:
		return strconv.ParseFloat(strconv.FormatFloat(v.Float(), 'g', -1, 32), 64)
	case v.CanFloat():
		return v.Float(), nil
	case v.Kind() == reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			x, err := plain(v.Index(i))
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		if len(list) == 0 {
			return nil, nil
		}
		return list, nil
	}
	return nil, fmt.Errorf("a %s cannot be written to a run file", v.Type())
}

// settings is the run.toml of what was asked.
func (f *frame) settings() ([]byte, error) {
	list, err := asked(f.parsed)
	if err != nil {
		return nil, err
	}
	return store.EncodeSettings("What was asked of cavity "+release+". This repeats it to the same bytes: cavity run run.toml --out DIR", list)
}

// resumed completes the command line of a run to be resumed by the settings that its folder holds, and refuses flags
// that ask for something else. Other command lines are returned as they are.
func (f *frame) resumed(parsed *kong.Context, args []string) (*kong.Context, error) {
	v, computes := parsed.Selected().Target.Addr().Interface().(computing)
	if !computes || !v.flags().Resume || v.flags().Out == "" {
		return parsed, nil
	}
	if err := v.flags().check(); err != nil {
		return nil, err
	}
	file := filepath.Join(v.flags().Out, store.SettingsFile)
	doc, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: there is no run to resume: %w", v.flags().Out, errors.Unwrap(err))
	}
	verb, settings, err := f.decode(file, doc)
	if err != nil {
		return nil, err
	}
	words := strings.Fields(verb)
	if len(args) < len(words) || !slices.Equal(words, args[:len(words)]) {
		return nil, misusef("%s holds a run of %s, which this command line does not resume", v.flags().Out, verb)
	}
	parsed, err = f.parse(commandLine(verb, settings, args[len(words):]))
	if err != nil {
		return nil, err
	}
	now, err := asked(parsed)
	if err != nil {
		return nil, err
	}
	encoded, err := store.EncodeSettings("", now)
	if err != nil {
		return nil, err
	}
	if err := sameSettings(file, doc, encoded); err != nil {
		return nil, misuse{err}
	}
	return parsed, nil
}

// sameSettings compares the settings that a file goes by with others, but for what may change on resuming.
func sameSettings(file string, inFile, other []byte) error {
	want, err := store.DecodeSettings(file, inFile)
	if err != nil {
		return err
	}
	got, err := store.DecodeSettings("the command line", other)
	if err != nil {
		return err
	}
	find := func(list []store.Setting, key string) any {
		for _, s := range list {
			if s.Key == key {
				return s.Value
			}
		}
		return nil
	}
	for _, s := range append(slices.Clone(want), got...) {
		a, b := find(want, s.Key), find(got, s.Key)
		if !reflect.DeepEqual(a, b) && !slices.Contains(changeable, s.Key) {
			return fmt.Errorf("%s goes by %s = %v, so it cannot be resumed with %v", file, s.Key, orNothing(a), orNothing(b))
		}
	}
	return nil
}

func orNothing(v any) any {
	if v == nil {
		return "nothing"
	}
	return v
}
