/* command: the commands of nnc, a row and a file each. A row says everything that help, the manual page and the reading
 * of a command line need; compiling, `nnc MODEL.nn -o MODEL.c`, is what nnc does without a command's name (compile.h).
 */
#ifndef NNC_COMMANDS_COMMAND_H
#define NNC_COMMANDS_COMMAND_H

#include "command_option.h"
#include "support/diag.h"

enum { STATUS_DONE = 0, STATUS_INPUT = 1, STATUS_USAGE = 2 }; /* 3 is ice()'s */

typedef struct command_line command_line;

typedef struct {
    const char *name;
    const char *arguments; /* "FILE [options]" */
    const char *summary;   /* one line, for the list of commands */
    const char *about;     /* lines */
    const command_option *options; /* without --diagnostics and --help, which all commands have */
    size_t option_count;
    int (*run)(command_line *line); /* gives the exit status */
    const char *first; /* the words that the first argument is one of, "a b c"; or NULL */
} command;

extern const command command_fmt, command_graph, command_help, command_import, command_lsp, command_new,
    command_package, command_run_model, command_summary, command_verify, command_weights;

/* All of them; NULL ends the list. */
extern const command *const commands[];
const command *command_find(const char *name); /* or NULL */
/* A word that no file has for its name: "sumary". */
bool command_is_meant(const char *word);
/* Says that there is no such command, and which is meant. */
int command_unknown(const char *name);

/* A command line that is being read:
 *
 *     for (int o; (o = command_next(line)) >= 0;) … line->value …
 *     if (line->status >= 0) return line->status;
 *     … line->words …
 */
struct command_line {
    const command *command;
    int argc;
    char **argv;
    diag_settings settings;
    arena *arena;      /* as long as the command runs */
    const char *value; /* of the option that command_next gave */
    int status;        /* -1 as long as nothing ends the command */
    char **words;      /* behind the options; word_count of them */
    int word_count;
};

/* argv[0] is the command's name. */
int command_run(const command *c, int argc, char **argv);
/* Which of the command's options is next; below 0 when there are no more, or when --help or a wrong option ends it all.
 */
int command_next(command_line *line);
/* Prints "nnc NAME: …" and gives STATUS_USAGE. */
int command_usage(const command_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints to standard output; false, with an error, where that fails. */
bool command_print(const char *shown, diag_list *diags);
/* The same of a text that is made for it; gives the exit status. */
int command_print_text(void (*add)(text *));
/* What nnc --help says; of a command its options alone; and all of that, shown: gives the exit status. */
void command_help_all(text *to);
void command_options_help(const command *c, text *to);
int command_show_help(const command *c);

#endif
