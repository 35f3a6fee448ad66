#!/usr/bin/awk -f
# Sums up the lines `chaos: name faults=… acked=… lost=… doubled=… worst_lateness=…`
# of a test run. Exit 1 when something was lost or doubled, or nothing ran.
/mass event: / { sub(/.*mass event: /, ""); notes[++n] = "mass event: " $0; next }
/chaos: .* not run/ { sub(/.*chaos: /, ""); notes[++n] = "NOT RUN: " $0; next }
/chaos: [^ ]+ faults=/ {
  sub(/.*chaos: /, "")
  split("", v)
  for (i = 2; i <= NF; i++) { split($i, kv, "="); v[kv[1]] = kv[2] }
  if (!head++) printf "\n%-40s %8s %12s %6s %8s %15s\n", "fault", "faults", "acknowledged", "lost", "doubled", "worst lateness"
  printf "%-40s %8d %12d %6d %8d %15s\n", $1, v["faults"], v["acked"], v["lost"], v["doubled"], v["worst_lateness"]
  faults += v["faults"]; acked += v["acked"]; lost += v["lost"]; doubled += v["doubled"]
}
END {
  printf "%-40s %8d %12d %6d %8d\n", "in all", faults, acked, lost, doubled
  for (i = 1; i <= n; i++) print notes[i]
  exit (lost + doubled > 0 || !head)
}
