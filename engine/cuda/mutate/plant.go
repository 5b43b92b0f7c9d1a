package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// A mutant is a file with one changed line.
type mutant struct {
	target
	line   int
	kind   string
	place  string // the function, or what else the line stands in
	before string // the line
	text   string // the whole file
	nth    int    // among the same kind on lines like it in that place
}

// key names a mutant in equivalent.txt, independent of line numbers.
func (m mutant) key() string {
	return fmt.Sprintf("%s | %s | %s %d | %s", filepath.Base(m.file), m.place, m.kind, m.nth, m.before)
}

// The kinds of mistake, and what each replaces. A comparison is turned into its negation, and has its border moved to the other side.
var replacements = []struct{ kind, from, to string }{
	{"barrier", "__syncthreads();", ""},
	{"barrier", "__syncwarp();", ""},
	{"turned", " < ", " >= "},
	{"turned", " <= ", " > "},
	{"turned", " > ", " <= "},
	{"turned", " >= ", " < "},
	{"turned", " == ", " != "},
	{"turned", " != ", " == "},
	{"bound", " < ", " <= "},
	{"bound", " >= ", " > "},
	{"bound", " > ", " >= "},
	{"bound", " <= ", " < "},
	{"index", "]", " + 1]"},
}

// mutants lists every place of a file where a replacement applies.
func mutants(t target, text string) (ms []mutant) {
	lines := strings.Split(text, "\n")
	place, seen := "", map[string]int{}
	for i, line := range lines {
		place = placeOf(line, place)
		code, _, _ := strings.Cut(line, "//")
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for k := range code {
			for _, r := range replacements {
				if !strings.HasPrefix(code[k:], r.from) || r.kind == "index" && !subscript(code, k) {
					continue
				}
				changed := append([]string{}, lines...)
				changed[i] = line[:k] + r.to + line[k+len(r.from):]
				m := mutant{target: t, line: i + 1, kind: r.kind, place: place, before: strings.TrimSpace(line), text: strings.Join(changed, "\n")}
				first := m.key()
				m.nth = seen[first]
				seen[first]++
				ms = append(ms, m)
			}
		}
	}
	return ms
}

var (
	typeName     = regexp.MustCompile(`^(?:template <[^>]*> )?struct (\w+)`)
	launchBounds = regexp.MustCompile(`__launch_bounds__\([^)]*\)`)
)

// placeOf is the name of the function or structure that begins on a line; other lines belong to the one before.
func placeOf(line, before string) string {
	if line == "" || strings.ContainsAny(line[:1], " \t#/})") {
		return before
	}
	if s := typeName.FindStringSubmatch(line); s != nil {
		return s[1]
	}
	line, _, _ = strings.Cut(launchBounds.ReplaceAllString(line, ""), "{")
	head, _, open := strings.Cut(line, "(")
	words := strings.FieldsFunc(head, func(r rune) bool { return r == ' ' || r == '*' || r == '&' })
	if !open || len(words) < 2 {
		return before
	}
	return words[len(words)-1]
}

// subscript reports whether the bracket that closes at k holds the index of an expression: not a size in a declaration.
func subscript(code string, k int) bool {
	depth := 0
	for i := k; i >= 0; i-- {
		switch code[i] {
		case ']':
			depth++
		case '[':
			if depth--; depth == 0 {
				inside, before := code[i+1:k], code[:i]
				declared := strings.Contains(before, "__shared__") || strings.HasSuffix(strings.TrimSpace(code), ";") && declaration(before)
				return inside != "" && inside != "&" && !declared
			}
		}
	}
	return false
}

// declaration reports whether the text before a bracket is a type and a name.
func declaration(before string) bool {
	words := strings.Fields(strings.Map(func(r rune) rune {
		if strings.ContainsRune("*&,;(){}=", r) {
			return -1
		}
		return r
	}, before))
	types := map[string]bool{"float": true, "double": true, "u32": true, "u64": true, "i64": true, "int": true, "const": true, "T": true, "uint4": true}
	return len(words) > 0 && types[words[0]] && !strings.ContainsAny(before, "=")
}
