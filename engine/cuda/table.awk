# usage: awk -f table.awk targets.txt bench.txt    Prints what a run of the benchmarks says of the targets, a row each; it fails when one
# that targets.txt lists, by its benchmark's name at the beginning of a line, is not there. A benchmark runs once to begin with and speaks
# of that, too: its last word counts.
FNR == NR { if (/^Benchmark/) wanted[++rows] = $1; next }
/^--- / { name = $3; sub(/-[0-9]+$/, "", name) }
/^    .*: target of .* (met|missed)$/ && name != "" { sub(/^ *[^ ]*:[0-9]+: /, ""); said[name] = $0 }
END {
	for (i = 1; i <= rows; i++) {
		name = wanted[i]
		if (!(name in said)) { print name ": not measured"; bad = 1; continue }
		split(said[name], half, ": target of ")
		split(half[2], word, " ")
		printf "%-48s %-40s target %-8s %s\n", name, half[1], word[1], word[2]
	}
	if (!rows) { print "table.awk: no targets"; bad = 1 }
	exit bad
}
