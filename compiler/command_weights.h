/* command_weights: nnc weights FILE */
#ifndef NNC_COMMAND_WEIGHTS_H
#define NNC_COMMAND_WEIGHTS_H

/* argv[0] is "weights". Gives the exit status. */
int command_weights(int argc, char **argv);

#endif
