"""Alibaba Cloud: 400 and virtual numbers, its call centre, the balance, the state of phones."""
