/* nnc: which command it is; nothing else exits. */
#include "commands/command.h"
#include "commands/compile.h"

int main(int argc, char **argv) {
    const command *c = argc > 1 ? command_find(argv[1]) : NULL;
    if (!c && argc > 1 && command_is_meant(argv[1])) return command_unknown(argv[1]);
    return c ? command_run(c, argc - 1, argv + 1) : compile(argc, argv);
}
