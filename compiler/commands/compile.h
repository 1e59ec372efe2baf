/* compile: what nnc does without a command's name: a .nn file and its weights -> one C file and its header. */
#ifndef NNC_COMMANDS_COMPILE_H
#define NNC_COMMANDS_COMPILE_H

/* Gives the exit status. */
int compile(int argc, char **argv);

#endif
