/* completion: bash's completion of nnc's command line, out of the tables and texts of help. */
#include "commands/completion.h"

#include <string.h>

#include "commands/command.h"
#include "emit/target.h"
#include "options.h"

static const char begin[] =
    "# bash completion of nnc; made by nnc help --completion\n"
    "_nnc() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words= files= "
    "options=\n"
    "    # bash parts --target=all at the =\n"
    "    if [[ $cur == = ]]; then cur=; fi\n"
    "    if [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
    "    local command=; [[ $COMP_CWORD -gt 1 ]] && command=${COMP_WORDS[1]}\n";

/* An option's value is one of some words, a file, a folder, or something else. */
static const char values[] =
    "    case \" $file \" in *\" $before \"*) files=f ;; esac\n"
    "    case \" $folder \" in *\" $before \"*) files=d ;; esac\n"
    "    case $before in\n"
    "    --diagnostics) words='text json' ;;\n"
    "    --color) words='auto always never' ;;\n"
    "    --dump) words='ast ir plan' ;;\n";

static const char end[] =
    "    if [[ $before == -* && $files$words ]]; then :\n"
    "    elif [[ $before == -* && \" $other \" == *\" $before \"* ]]; then return\n"
    "    elif [[ $cur == -* ]]; then words=$options files=\n"
    "    elif [[ $COMP_CWORD == 1 ]]; then words=$commands files=f\n"
    "    elif [[ $COMP_CWORD == 2 && $first ]]; then words=$first\n"
    "    else files=f; fi\n"
    "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
    "    if [[ $files ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        local IFS=$'\\n'\n"
    "        COMPREPLY+=($(compgen -$files -- \"$cur\"))\n"
    "    fi\n"
    "}\n"
    "complete -F _nnc nnc\n";

/* Options with values, by what they are. */
typedef struct {
    text options, file, folder, other, choices;
} lists;

static lists lists_new(arena *a) {
    return (lists){text_new(a), text_new(a), text_new(a), text_new(a), text_new(a)};
}

static void add_word(text *to, const char *word) {
    text_printf(to, "%s%s", to->length ? " " : "", word);
}

/* An argument "a|b|c" is one of these words. */
static void add_choices(const char *name, const char *argument, text *to) {
    text_printf(to, "    %s) words='", name);
    for (; *argument; argument++) text_add_n(to, *argument == '|' ? " " : argument, 1);
    text_add(to, "' ;;\n");
}

static void add_valued(const char *name, const char *argument, lists *to) {
    if (strchr(argument, '|')) add_choices(name, argument, &to->choices);
    else
        add_word(strcmp(argument, "FILE") == 0  ? &to->file
                 : strcmp(argument, "DIR") == 0 ? &to->folder
                                                : &to->other,
                 name);
}

static void add_case(const char *name, lists *l, text *to) {
    text_printf(to, "    %s) options='%s' file='%s' folder='%s' other='--diagnostics %s'", name,
                text_string(&l->options), text_string(&l->file), text_string(&l->folder),
                text_string(&l->other));
}

static void add_option(arena *a, const command_option *o, lists *to) {
    const char *name = arena_printf(a, "--%s", o->name);
    const char *letter = o->letter ? arena_printf(a, "-%c", o->letter) : NULL;
    add_word(&to->options, name);
    if (o->argument) add_valued(name, o->argument, to);
    if (o->argument && letter) add_valued(letter, o->argument, to);
}

static void add_compile_options(arena *a, lists *to) {
    const command_option *o;
    for (size_t i = 0; (o = options_row(i)); i++) add_option(a, o, to);
    for (size_t i = 0; i < WARNING_COUNT; i++)
        add_word(&to->options, arena_printf(a, "-Wno-%s", warning_names[i]));
    add_word(&to->options, "-Werror --help --version");
}

static void add_command(arena *a, const command *c, text *to, text *choices) {
    lists l = lists_new(a);
    for (size_t i = 0; i < c->option_count; i++) add_option(a, &c->options[i], &l);
    add_word(&l.options, "--diagnostics --help");
    add_case(c->name, &l, to);
    if (c->first) text_printf(to, " first='%s'", c->first);
    if (c == &command_help) text_add(to, " first=$commands");
    text_add(to, " ;;\n");
    text_add(choices, text_string(&l.choices));
}

void completion_bash(text *to) {
    arena *a = to->arena;
    text names = text_new(a), cases = text_new(a), choices = text_new(a);
    lists own = lists_new(a);
    for (const command *const *c = commands; *c; c++) {
        add_word(&names, (*c)->name);
        add_command(a, *c, &cases, &choices);
    }
    add_compile_options(a, &own);
    add_case("*", &own, &cases);
    text_printf(to, "%s    local commands='%s' first= file= folder= other=\n", begin,
                text_string(&names));
    text_printf(to, "    case $command in\n%s ;;\n    esac\n%s%s", text_string(&cases), values,
                text_string(&choices));
    text_add(to, "    --target) words='");
    for (size_t i = 0; target_name(i); i++) text_printf(to, "%s%s", i ? " " : "", target_name(i));
    text_printf(to, "' ;;\n    esac\n%s", end);
}
