/* lsp: nnc lsp, the language server. */
#include "commands/command.h"
#include "server/server.h"

enum { STDIO };
static const command_option options[] = {
    [STDIO] = {0, "stdio", NULL,
               "standard input and output, which is all there is; some editors say it"},
};

static int run(command_line *line) {
    while (command_next(line) >= 0) {
    }
    if (line->status >= 0) return line->status;
    if (line->word_count) return command_usage(line, "editors start it, without arguments");
    return server_run();
}

const command command_lsp = {
    .name = "lsp",
    .arguments = "[--stdio]",
    .summary = "a language server, for editors",
    .about =
        "Serves editors by the Language Server Protocol, on standard input and output: errors as "
        "one types, what a name is\n"
        "and how torch calls it, completion of layers, functions, arguments, names and keys of the "
        "weights, definitions,\n"
        "references, other names, and the canonical form.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
