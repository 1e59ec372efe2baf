/* help: nnc help: what a command does, and what is made of all rows: the manual page, and files for shells and editors.
 */
#include "commands/command.h"

#include "commands/completion.h"
#include "commands/editors.h"
#include "support/text.h"

/* --- the manual page --- */

/* Lines as they are: a backslash and a hyphen are said otherwise in roff, and a line may not begin with a dot or quote.
 */
static void add_lines(const char *lines, text *to) {
    bool begins = true;
    text_add(to, ".nf\n");
    for (const char *c = lines; *c; c++) {
        if (begins && (*c == '.' || *c == '\'')) text_add(to, "\\&");
        if (*c == '\\') text_add(to, "\\e");
        else if (*c == '-') text_add(to, "\\-");
        else text_add_n(to, c, 1);
        begins = *c == '\n';
    }
    text_printf(to, "%s.fi\n", begins ? "" : "\n");
}

static void add_manual(text *page) {
    arena *a = page->arena;
    text help = text_new(a);
    command_help_all(&help);
    text_printf(page,
                ".TH NNC 1 \"\" \"nnc %s\" \"User Commands\"\n.SH NAME\nnnc \\- compiler of sequence models to C\n"
                ".SH DESCRIPTION\n",
                NNC_VERSION);
    add_lines(text_string(&help), page);
    text_add(page, ".SH COMMANDS\n");
    for (const command *const *c = commands; *c; c++) {
        text own = text_new(a);
        text_printf(page, ".SS \"nnc %s %s\"\n", (*c)->name, (*c)->arguments);
        text_printf(&own, "%s\n\n", (*c)->about);
        command_options_help(*c, &own);
        add_lines(text_string(&own), page);
    }
}

/* --- the command --- */

static const command_option help_options[] = {
    {0, "manual", NULL, "all of it as a manual page, for man"},
    {0, "completion", NULL, "the completion of command lines, for bash"},
    {0, "vim", NULL, "a syntax file of .nn files, for Vim and Neovim"},
    {0, "textmate", NULL, "a TextMate grammar of .nn files, for VS Code, Sublime and others"},
};
static void (*const help_files[])(text *) = {add_manual, completion_bash, editors_vim,
                                             editors_textmate}; /* by options */

static int run_help(command_line *line) {
    int file = -1;
    for (int option; (option = command_next(line)) >= 0;) file = option;
    if (line->status >= 0) return line->status;
    if (line->word_count != (file < 0))
        return command_usage(line, "name one command, or --manual; nnc --help lists the commands");
    if (file >= 0) return command_print_text(help_files[file]);
    const command *c = command_find(line->words[0]);
    return c ? command_show_help(c) : command_unknown(line->words[0]);
}

const command command_help = {
    .name = "help",
    .arguments = "COMMAND",
    .summary = "what a command does, and its options",
    .about = "Shows what a command does, and its options, as nnc COMMAND --help does. nnc --help lists the commands.",
    .options = help_options,
    .option_count = sizeof help_options / sizeof *help_options,
    .run = run_help,
};
