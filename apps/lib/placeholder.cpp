namespace lowbit {}
