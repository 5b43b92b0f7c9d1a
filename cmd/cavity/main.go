// Cavity computes the statistical mechanics of neural networks from the command line.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }
