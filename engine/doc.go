// Package engine compiles gorgonia graphs once and runs them millions of times.
package engine
