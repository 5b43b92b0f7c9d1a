package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Log writes JSON lines: one object a line, each with a single Write, so that a crash costs no more than the last line.
type Log struct{ w io.Writer }

// NewLog logs to w.
func NewLog(w io.Writer) *Log { return &Log{w} }

// Write appends one line.
func (l *Log) Write(event Summary) error {
	b, err := json.Marshal(event)
	if err != nil {
		return err
	}
	_, err = l.w.Write(append(b, '\n'))
	return err
}

// OpenLog opens log.jsonl to append to it; the caller closes the file. It is the one file of a run that grows in place:
// a last line that a crash cut off is removed first.
func (r *Run) OpenLog() (*Log, io.Closer, error) {
	if r.lock == nil {
		return nil, nil, fmt.Errorf("%s: the run is open for reading only", r.dir)
	}
	if info, err := r.root.Lstat(LogFile); err == nil && !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: not a regular file", r.Path(LogFile))
	}
	f, err := r.root.OpenFile(LogFile, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, r.explain(LogFile, err)
	}
	b, err := io.ReadAll(f)
	if err == nil {
		whole := int64(bytes.LastIndexByte(b, '\n') + 1)
		if err = f.Truncate(whole); err == nil {
			_, err = f.Seek(whole, io.SeekStart)
		}
	}
	if err != nil {
		f.Close()
		return nil, nil, r.explain(LogFile, err)
	}
	return NewLog(f), f, nil
}
