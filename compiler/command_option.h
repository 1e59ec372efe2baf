/* command_option: an option of the command line: a row that getopt, help and completion read. */
#ifndef NNC_COMMAND_OPTION_H
#define NNC_COMMAND_OPTION_H

#include <getopt.h>
#include <stdbool.h>

#include "support/text.h"

typedef struct {
    char letter;          /* -o; 0 where there is none */
    const char *name;     /* --output; NULL: the letter is all */
    const char *argument; /* what stands for it in help; NULL: the option takes none */
    const char *meaning;  /* lines; NULL: help tells of it elsewhere */
} command_option;

/* The row as help has it. */
void command_option_help(const command_option *o, text *to);
/* The row as getopt_long wants it, which gives `value` for --name and the letter for -o: at *to, which moves on, and
 * behind the letters. */
void command_option_getopt(const command_option *o, int value, struct option **to, char *letters);
/* Is this no name, where the option takes that of a file or folder? */
bool command_option_lacks_name(const command_option *o, const char *value);

#endif
