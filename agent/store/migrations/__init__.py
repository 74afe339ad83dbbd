"""The steps that bring an older ledger to the present schema, in order."""
