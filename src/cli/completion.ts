/** `completion`: scripts that ask `codex-orch __complete` for what may stand at the cursor. */
import { Refusal } from '../model/refusal.ts';
import { suggest } from '../text/suggest.ts';
import { choiceOf, defineCommand } from './command.ts';

const bash = `# bash completion for codex-orch
_codex_orch() {
  local line word last
  local -a words=()
  # Bash takes a colon for the end of a word; ours may hold one.
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    last=$((\${#words[@]} - 1))
    if (( last >= 0 )) && [[ $word == :* || \${words[last]} == *: ]]; then
      words[last]+=$word
    else
      words+=("$word")
    fi
  done
  last=\${words[\${#words[@]} - 1]}
  last=\${last%"\${last##*:}"}
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files) compopt -o default 2>/dev/null; COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
      :dirs) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
      *) line=\${line%%$'\\t'*}; COMPREPLY+=("\${line#"$last"}") ;;
    esac
  done < <(codex-orch __complete "\${words[@]}" 2>/dev/null)
}
complete -F _codex_orch codex-orch
`;

const zsh = `#compdef codex-orch
# zsh completion for codex-orch
_codex_orch() {
  local line word about tab=$'\\t'
  local -a found
  for line in "\${(@f)$(codex-orch __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      '') ;;
      :files) _files ;;
      :dirs) _files -/ ;;
      *)
        word=\${line%%$tab*}
        about=\${line#*$tab}
        found+=("\${word//:/\\\\:}:$about")
        ;;
    esac
  done
  (( \${#found} )) && _describe -V codex-orch found
}
if [ "\${funcstack[1]}" = _codex_orch ]; then _codex_orch "$@"; else compdef _codex_orch codex-orch; fi
`;

const fish = `# fish completion for codex-orch
function __codex_orch_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l current (commandline -ct)
  for line in (codex-orch __complete $words "$current" 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path "$current"
      case ':dirs'
        __fish_complete_directories "$current"
      case '*'
        echo $line
    end
  end
end
complete -c codex-orch -f -a '(__codex_orch_complete)'
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

export const command = defineCommand({
  description:
    'Prints a script that completes commands, options, tasks, runs, instances and questions.',
  words: [choiceOf('shell', Object.keys(scripts), 'bash, zsh or fish')],
  options: {},
  examples: [
    'bash >> ~/.bashrc',
    'zsh > "${fpath[1]}/_codex-orch"',
    'fish > ~/.config/fish/completions/codex-orch.fish',
  ],
  run({ words: [shell] }, context) {
    const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
    if (script === undefined) {
      const near = suggest(shell, Object.keys(scripts));
      throw new Refusal('unknown-shell', `no completion for the shell "${shell}"`, {
        hint: near === null ? 'one of: bash, zsh, fish' : `did you mean ${near}?`,
      });
    }
    context.stdout.write(script);
  },
});
