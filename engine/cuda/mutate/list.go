package main

import (
	_ "embed" // the list
	"fmt"
	"path/filepath"
	"strings"
)

//go:embed equivalent.txt
var equivalentList string

// list holds the mistakes that change nothing, by key, with the reason.
type list map[string]string

// equivalents reads a list: "key # reason" a line, the first line being a comment. Every key has a reason and stands there once.
func equivalents(text string) (list, error) {
	l := list{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n")[1:] {
		cut := strings.LastIndex(line, " # ")
		if cut < 0 || strings.TrimSpace(line[cut+3:]) == "" {
			return nil, fmt.Errorf("equivalent.txt:%d: no reason after #", i+2)
		}
		key := strings.TrimSpace(line[:cut])
		if _, twice := l[key]; twice {
			return nil, fmt.Errorf("equivalent.txt:%d: listed before: %s", i+2, key)
		}
		l[key] = strings.TrimSpace(line[cut+3:])
	}
	return l, nil
}

// place finds the entries of a file that name no mistake of it: the source has changed since.
func (l list) place(t target, ms []mutant) error {
	there := map[string]bool{}
	for _, m := range ms {
		there[m.key()] = true
	}
	for key := range l {
		if strings.HasPrefix(key, filepath.Base(t.file)+" |") && !there[key] {
			return fmt.Errorf("equivalent.txt lists what is nowhere in %s: %s", t.file, key)
		}
	}
	return nil
}

// judge says what is wrong about a verdict, or nothing.
func (l list) judge(m mutant, v verdict) string {
	_, listed := l[m.key()]
	switch {
	case v == survived && !listed:
		return "the tests pass with this mistake"
	case v != survived && v != same && listed:
		return "listed as equivalent, but it is not"
	}
	return ""
}
