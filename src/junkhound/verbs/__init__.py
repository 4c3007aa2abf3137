"""Every verb once, a module per noun: joins the pure rooms to the shells; faces only parse and print."""
