"""What completion needs outside of Python: the programs for kubectl and oc, and the shells' scripts."""

from __future__ import annotations

SHIMS = ("kubectl_complete-arm64", "oc_complete-arm64")  # the only names that kubectl and oc look for


def shims(*, windows: bool) -> dict[str, str]:
    """The programs that answer kubectl and oc with the kubectl-arm64 of the PATH: file name -> content."""
    if windows:
        return {f"{name}.cmd": f"@rem {_ABOUT}\r\n@kubectl-arm64 __complete %*\r\n" for name in SHIMS}
    return dict.fromkeys(SHIMS, f'#!/bin/sh\n# {_ABOUT}\nexec kubectl-arm64 __complete "$@"\n')


_ABOUT = "Completion of kubectl-arm64 for kubectl and oc."

_BASH = """\
# Completion of kubectl-arm64 and oc-arm64 in bash: source <(kubectl-arm64 completion bash)
_kubectl_arm64() {
    local line typed=${COMP_LINE:0:COMP_POINT} whole
    local -a words
    read -ra words <<<"$typed"  # bash itself takes words apart at = and :
    [[ $typed == *[[:space:]] ]] && words+=("")
    whole=${words[${#words[@]} - 1]}
    [[ $whole == -*=* ]] && whole=${whole#*=}
    COMPREPLY=()
    while IFS= read -r line; do
        line=${line%%$'\\t'*}
        [[ $line == :0 ]] && compopt -o default 2>/dev/null  # names of files
        [[ $line == :* ]] && continue
        [[ $whole == *:* && $COMP_WORDBREAKS == *:* ]] && line=${line#"${whole%"${whole##*:}"}"}
        COMPREPLY+=("$line")
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _kubectl_arm64 kubectl-arm64 oc-arm64
"""

_ZSH = """\
#compdef kubectl-arm64 oc-arm64
# Completion of kubectl-arm64 and oc-arm64 in zsh: source <(kubectl-arm64 completion zsh)
_kubectl_arm64() {
    local line
    local -a candidates typed=("${words[1]}" __complete "${(@)words[2,CURRENT]}")
    [[ ${words[CURRENT]} == -*=* ]] && compset -P 1 '*='
    for line in ${(f)"$("${typed[@]}" 2>/dev/null)"}; do
        [[ $line == :0 ]] && _files
        [[ $line == :* ]] || candidates+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
    done
    _describe 'kubectl-arm64' candidates
}
compdef _kubectl_arm64 kubectl-arm64 oc-arm64
"""

_FISH = """\
# Completion of kubectl-arm64 and oc-arm64 in fish: kubectl-arm64 completion fish | source
function __kubectl_arm64
    set -l words (commandline -opc) (commandline -ct)
    set -l flag (string match -r -- '^-.*=' (commandline -ct))
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        switch $line
            case :0
                __fish_complete_path (commandline -ct)
            case ':*'
            case '*'
                echo "$flag$line"
        end
    end
end
complete -c kubectl-arm64 -f -a '(__kubectl_arm64)'
complete -c oc-arm64 -f -a '(__kubectl_arm64)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
