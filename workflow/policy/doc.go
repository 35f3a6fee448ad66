// Package policy turns dated law and the county's plan into typed Rules.
//
// law.yaml holds the regimes with their days in force, lengths of statutory
// terms, and grounds of refusal and termination; huantai.yaml holds one county:
// its departments and domains, its own service promises, and the parameters in
// which a doubtful reading of the law is decided. Both are inside the binary; a
// county's file may take the place of the second. A misspelt key, a key given
// twice or a wrong value is an error that names file and line. Nobody outside
// this package sees YAML.
package policy
