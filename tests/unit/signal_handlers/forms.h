void helper(int n);
void localtime_of_it(void);
