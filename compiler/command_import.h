/* command_import: nnc import MODEL.onnx -o MODEL.nn */
#ifndef NNC_COMMAND_IMPORT_H
#define NNC_COMMAND_IMPORT_H

/* argv[0] is "import". Gives the exit status. */
int command_import(int argc, char **argv);

#endif
