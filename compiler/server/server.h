/* server: nnc as a language server: the Language Server Protocol 3.17 on standard input and output.
 *
 * Documents are taken whole (textDocumentSync 1) and looked at when no message waits, or when a
 * request asks: diagnostics are those of compiling, those of weights among them. Positions are in
 * units of UTF-16. One thread; nothing is written to files, and nothing is run.
 */
#ifndef NNC_SERVER_SERVER_H
#define NNC_SERVER_SERVER_H

/* Until exit, or the end of the input. 0 after shutdown and exit, as the protocol wants it; else 1.
 */
int server_run(void);

#endif
