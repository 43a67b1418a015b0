#!/usr/bin/env bash
# Builds everything and runs every test. The last line is always: N passed, N failed.
set -uo pipefail

usage() {
  cat <<'TEXT'
Usage: ./test.sh [--load | --fuzz [--frames N] [--seed S] [--stream K] | --mutation [PIECE...]]
Installs what the tests need (on Debian: chromium, chromium-driver, nodejs, npm, nginx, haproxy and postgresql; the clients of tests/clients with npm), builds the solution in Release with warnings as
errors, and runs all test projects. The last line is "N passed, N failed"; the exit code is 0 only if tests ran and none failed.

--load       runs every load test for a moment instead, against every server, and checks that nothing is lost or doubled; two minutes. Timings are not judged.
--fuzz       makes 10 million random frames with hostile fields instead, and has them read by two parsers of others. A difference names its seed and stream.
--mutation   changes the code in some thousand ways instead, and sees whether a test notices; some hours. PIECE is a name of tests/mutation/pieces.json.
TEXT
}

passed=0
failed=0
finish() {
  echo "$passed passed, $failed failed"
  if [ "$failed" -gt 0 ] || [ "$passed" -eq 0 ]; then exit 1; fi
  exit 0
}

# Ends because of something that kept tests from running at all.
give_up() {
  echo "test.sh: $1" >&2
  failed=$((failed + 1))
  finish
}

mode=tests
case "${1:-}" in
  '') ;;
  -h | --help) usage; exit 0 ;;
  --load | --fuzz | --mutation) mode=${1#--}; shift ;;
  *) usage >&2; give_up "unknown argument $1" ;;
esac

cd "$(dirname "${BASH_SOURCE[0]}")" || give_up "cannot enter the folder of this script"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DOTNET_CLI_UI_LANGUAGE=en # the summaries below are read by this script
export MSBUILDDISABLENODEREUSE=1 TERM=dumb

step() { printf '\n== %s\n' "$1"; }

# Installs Debian packages, or says what is missing.
install_packages() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || give_up "$* are missing. Install them, or run this as root: apt-get install $*"
    as_root=(sudo -n)
  fi
  command -v apt-get >/dev/null || give_up "$* are missing, and there is no apt-get to install them. Install them by hand."
  "${as_root[@]}" apt-get update -qq </dev/null || echo "test.sh: apt-get update failed; trying with the lists that are there" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null ||
    give_up "apt-get could not install $*, which tests need"
}

install_browser() {
  if [ -x /usr/bin/chromium ] && [ -x /usr/bin/chromedriver ]; then return; fi
  step "Installing chromium and chromium-driver with apt-get: one test opens the sample's page in a real browser"
  install_packages chromium chromium-driver
  [ -x /usr/bin/chromium ] && [ -x /usr/bin/chromedriver ] || give_up "chromium and chromium-driver are installed, but /usr/bin/chromium or /usr/bin/chromedriver is missing"
}

install_node() {
  if command -v node >/dev/null && command -v npm >/dev/null; then return; fi
  step "Installing nodejs and npm with apt-get: JavaScript clients talk to the sample"
  install_packages nodejs npm
  command -v node >/dev/null && command -v npm >/dev/null || give_up "nodejs and npm are installed, but node or npm is not on the PATH"
}

install_proxies() {
  if [ -x /usr/sbin/nginx ] && [ -x /usr/sbin/haproxy ]; then return; fi
  step "Installing nginx and haproxy with apt-get: tests stream through them"
  install_packages nginx haproxy
  [ -x /usr/sbin/nginx ] && [ -x /usr/sbin/haproxy ] || give_up "nginx and haproxy are installed, but /usr/sbin/nginx or /usr/sbin/haproxy is missing"
}

postgresql_server() {
  local initdb
  for initdb in /usr/lib/postgresql/*/bin/initdb "$(pg_config --bindir 2>/dev/null)/initdb"; do
    if [ -x "$initdb" ] && [ -x "$(dirname "$initdb")/postgres" ]; then return 0; fi
  done
  return 1
}

# Tests start servers of their own: the one that the package starts is not used.
install_postgresql() {
  if postgresql_server; then return; fi
  step "Installing postgresql with apt-get: tests keep logs in it"
  install_packages postgresql
  postgresql_server || give_up "postgresql is installed, but neither /usr/lib/postgresql/*/bin nor what pg_config --bindir names has initdb and postgres"
}

# What npm leaves behind is newer than the lock file that it was made from, or not up to date.
install_clients() {
  [ tests/clients/node_modules/.package-lock.json -nt tests/clients/package-lock.json ] && return
  step "Installing the clients of tests/clients with npm"
  (cd tests/clients && npm ci --no-audit --no-fund --loglevel=error </dev/null) || give_up "npm could not install the clients of tests/clients"
}

run_tests() {
  local project=$1 name log code summary ok bad
  name=$(basename "$project" .csproj)
  step "$name"
  log=$(mktemp)
  # A test that hangs must not hang this script: the longest project takes about a minute.
  timeout --kill-after=30 600 dotnet test "$project" -c Release --no-build --disable-build-servers -nodeReuse:false </dev/null 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  summary=$(grep -E 'Failed: +[0-9]+, Passed: +[0-9]+' "$log" | tail -1)
  rm -f "$log"
  ok=$(sed -nE 's/.*Passed: +([0-9]+).*/\1/p' <<<"$summary")
  bad=$(sed -nE 's/.*Failed: +([0-9]+).*/\1/p' <<<"$summary")
  passed=$((passed + ${ok:-0}))
  failed=$((failed + ${bad:-0}))

  # A runner that crashed, or found nothing to run, has no summary or an exit code of its own.
  if [ -z "$summary" ] || { [ "$code" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; }; then
    echo "test.sh: $name did not run to its end (exit code $code)" >&2
    failed=$((failed + 1))
  fi
}

# Ten million frames take some minutes; the limit is for what hangs.
run_fuzz() {
  local log code frames
  step "Building the fuzzer"
  dotnet build tests/Gai.Pipelines.Fuzz -c Release --disable-build-servers -nodeReuse:false -v quiet </dev/null || give_up "the build failed"
  step "Fuzzing"
  log=$(mktemp)
  timeout --kill-after=30 7200 dotnet tests/Gai.Pipelines.Fuzz/bin/Release/net10.0/Gai.Pipelines.Fuzz.dll "$@" </dev/null 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  frames=$(sed -nE 's/^([0-9,]+) frames, .*/\1/p' "$log" | tr -d ,)
  rm -f "$log"
  passed=${frames:-0}
  if [ "$code" -ne 0 ]; then failed=1; fi
}

run_mutation() {
  local log summary
  step "Mutating: the logs are in artifacts/mutation"
  dotnet tool restore </dev/null || give_up "dotnet tool restore failed"
  log=$(mktemp)
  node tests/mutation/run.mjs "$@" </dev/null 2>&1 | tee "$log"
  summary=$(tail -1 "$log")
  rm -f "$log"
  passed=$(sed -nE 's/^([0-9]+) passed, .*/\1/p' <<<"$summary")
  failed=$(sed -nE 's/.* ([0-9]+) failed$/\1/p' <<<"$summary")
  if [ -z "$passed" ]; then passed=0 failed=1; fi
}

run_load() {
  local log summary
  step "Building the load tests"
  dotnet build perf/Gai.Pipelines.LoadTests -c Release --disable-build-servers -nodeReuse:false -v quiet </dev/null || give_up "the build failed"
  step "Loading every server for a moment"
  log=$(mktemp)
  timeout --kill-after=30 600 dotnet perf/Gai.Pipelines.LoadTests/bin/Release/net10.0/Gai.Pipelines.LoadTests.dll compare --quick </dev/null 2>&1 | tee "$log"
  summary=$(tail -1 "$log")
  rm -f "$log"
  passed=$(sed -nE 's/^([0-9]+) passed, .*/\1/p' <<<"$summary")
  failed=$(sed -nE 's/^.* ([0-9]+) failed$/\1/p' <<<"$summary")
  if [ -z "$passed" ] || [ -z "$failed" ]; then passed=0 failed=1; fi
}

command -v dotnet >/dev/null || give_up "the .NET SDK is missing. Install .NET 10: https://dotnet.microsoft.com/download"
install_node
install_proxies
install_clients
if [ "$mode" != tests ]; then
  "run_$mode" "$@"
  echo
  finish
fi

install_browser
install_postgresql
step "Restoring and building the solution"
dotnet build Pipelines.sln -c Release --disable-build-servers -nodeReuse:false -v quiet </dev/null || give_up "the build failed"

for project in tests/*Tests/*.csproj; do
  run_tests "$project"
done

echo
finish
